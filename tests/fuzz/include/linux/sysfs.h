/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_SYSFS_H
#define _SHIM_LINUX_SYSFS_H

#include <stdio.h>

#define sysfs_emit(buf, ...)	snprintf(buf, 4096, __VA_ARGS__)

#endif
