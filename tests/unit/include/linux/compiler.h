/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marked accesses, by atomic builtins that ThreadSanitizer understands.
 *
 * A test may define SHIM_YIELD() to get control before each marked store and
 * each full barrier, which are the places where the peer may see a difference,
 * SHIM_LOAD() before each load-acquire, and SHIM_READ() before each READ_ONCE().
 */
#ifndef _SHIM_LINUX_COMPILER_H
#define _SHIM_LINUX_COMPILER_H

#ifndef SHIM_YIELD
#define SHIM_YIELD()	do { } while (0)
#endif

#ifndef SHIM_LOAD
#define SHIM_LOAD()	do { } while (0)
#endif

#ifndef SHIM_READ
#define SHIM_READ()	do { } while (0)
#endif

/* Only sparse knows it. */
#define __force
#define __maybe_unused	__attribute__((__unused__))
#define barrier()		__asm__ __volatile__("" : : : "memory")
/* An object larger than a word is read once but not atomically. */
#define READ_ONCE(x) ({							\
	SHIM_READ();							\
	__builtin_choose_expr(sizeof(x) <= sizeof(long),		\
		__atomic_load_n(&(x), __ATOMIC_RELAXED),		\
		*(const volatile __typeof__(x) *)&(x));			\
})
#define WRITE_ONCE(x, val) do {						\
	SHIM_YIELD();							\
	__atomic_store_n(&(x), val, __ATOMIC_RELAXED);			\
} while (0)

#endif
