/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test may define SHIM_YIELD() to get control where a full barrier stands,
 * that is between a store and a load whose order matters.
 */
#ifndef _SHIM_ASM_BARRIER_H
#define _SHIM_ASM_BARRIER_H

#ifndef SHIM_YIELD
#define SHIM_YIELD()	do { } while (0)
#endif

#define virt_mb() do {							\
	SHIM_YIELD();							\
	__atomic_thread_fence(__ATOMIC_SEQ_CST);			\
} while (0)

#define virt_store_release(p, val) __atomic_store_n(p, val, __ATOMIC_RELEASE)

#define virt_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)

#endif
