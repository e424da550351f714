#pragma once
// Nothing of it is used beyond what these bring.

#include <KernelExport.h>
#include <kernel.h>
