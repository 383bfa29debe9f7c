/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_PRINTK_H
#define _SHIM_LINUX_PRINTK_H

#include <stdio.h>

/* Formats the message, so that its arguments are read, and drops it. */
#define pr_err(...) do {						\
	char __text[1024];						\
									\
	snprintf(__text, sizeof(__text), __VA_ARGS__);			\
} while (0)

#endif
