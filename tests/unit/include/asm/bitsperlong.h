/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's name of what user space has. */
#ifndef _SHIM_ASM_BITSPERLONG_H
#define _SHIM_ASM_BITSPERLONG_H

#include_next <asm/bitsperlong.h>

#define BITS_PER_LONG __BITS_PER_LONG

#endif
