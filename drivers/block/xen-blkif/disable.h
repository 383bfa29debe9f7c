/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module parameter "disable" of both drivers, for the file that has it.
 */

#ifndef _XEN_BLKIF_DISABLE_H
#define _XEN_BLKIF_DISABLE_H

#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/sysfs.h>
#include "feature.h"

/**
 * blkif_disable_set() - operation set of struct kernel_param_ops
 * @val: list of features
 * @kp: the parameter, whose arg is a struct blkif_disable
 *
 * Context: process context.
 *
 * Return: 0, or -EINVAL, which was logged; then nothing changes.
 */
static inline int blkif_disable_set(const char *val,
				    const struct kernel_param *kp)
{
	struct blkif_disable *disable = kp->arg;
	size_t len = strcspn(val, "\n");
	struct blkif_word unknown;
	u32 mask;

	unknown = blkif_features_parse(val, &mask);
	if (unknown.s) {
		pr_err("disable: unknown feature \"%.*s\"; the known ones are %s\n",
		       (int)unknown.len, unknown.s, BLKIF_FEATURE_NAMES);
		return -EINVAL;
	}
	if (len >= sizeof(disable->text)) {
		pr_err("disable: the list of features is too long\n");
		return -EINVAL;
	}
	memcpy(disable->text, val, len);
	disable->text[len] = '\0';
	WRITE_ONCE(disable->mask, mask);
	return 0;
}

/**
 * blkif_disable_get() - operation get of struct kernel_param_ops
 * @buf: a page
 * @kp: the parameter, whose arg is a struct blkif_disable
 *
 * Return: length of the text in @buf.
 */
static inline int blkif_disable_get(char *buf, const struct kernel_param *kp)
{
	const struct blkif_disable *disable = kp->arg;

	return sysfs_emit(buf, "%s\n", disable->text);
}

#endif /* _XEN_BLKIF_DISABLE_H */
