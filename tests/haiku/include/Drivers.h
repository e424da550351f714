#pragma once
// Of the classic driver interface only what the newer one still uses.

#include <SupportDefs.h>

typedef struct selectsync selectsync;

enum { B_AUDIO_DRIVER_BASE = 8000 };
