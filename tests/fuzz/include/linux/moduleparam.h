/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_MODULEPARAM_H
#define _SHIM_LINUX_MODULEPARAM_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

struct kernel_param {
	void *arg;
};

#endif
