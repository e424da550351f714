/*
 * Copyright 2026, the vsnd authors. All rights reserved.
 * Distributed under the terms of the MIT License.
 */
#ifndef USER_MEMORY_H
#define USER_MEMORY_H


#include <KernelExport.h>
#include <kernel.h>


// Every structure of an ioctl and every pointer inside it is user memory (R1).

static inline status_t
copy_from_user(void* to, const void* from, size_t size)
{
	return is_user_address_range(from, size) ? user_memcpy(to, from, size) : B_BAD_ADDRESS;
}


static inline status_t
copy_to_user(void* to, const void* from, size_t size)
{
	return is_user_address_range(to, size) ? user_memcpy(to, from, size) : B_BAD_ADDRESS;
}


#endif	// USER_MEMORY_H
