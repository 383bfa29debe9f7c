/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_ASM_BARRIER_H
#define _SHIM_ASM_BARRIER_H

#include <linux/compiler.h>

#define virt_mb() do {							\
	SHIM_YIELD();							\
	__atomic_thread_fence(__ATOMIC_SEQ_CST);			\
} while (0)

#define virt_store_release(p, val) do {					\
	SHIM_YIELD();							\
	__atomic_store_n(p, val, __ATOMIC_RELEASE);			\
} while (0)

#define virt_load_acquire(p) ({						\
	SHIM_LOAD();							\
	__atomic_load_n(p, __ATOMIC_ACQUIRE);				\
})

#endif
