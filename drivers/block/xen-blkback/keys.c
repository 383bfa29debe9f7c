// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: what others have written to XenStore, read and checked.
 *
 * Whoever finds that the frontend wrote nonsense says so, by the name of the
 * key, and the device goes to Closing; who calls need not say it again.
 */

#include <linux/slab.h>
#include "blkback.h"

/**
 * blkback_refuse() - give up a frontend for what it wrote
 * @dev: the device, which goes to Closing
 * @err: of what kind it is; -errno
 * @fmt: what is wrong, for the log and for XenStore's error node
 *
 * A frontend may come back and do so again as often as it likes.  The reason is
 * given at a limited rate, so that it does not fill dom0's log.
 */
void blkback_refuse(struct xenbus_device *dev, int err, const char *fmt, ...)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);
	va_list args;
	char *why;

	if (!__ratelimit(&blkback->log)) {
		xenbus_switch_state(dev, XenbusStateClosing);
		return;
	}
	va_start(args, fmt);
	why = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	xenbus_dev_fatal(dev, err, "%s", why ?: "refused");
	kfree(why);
}

/*
 * Read a number that the frontend wrote.  Whatever it is, it is small enough
 * for a u32 and nothing but digits, or the frontend is told so.
 */
static int blkback_read_uint(struct xenbus_device *dev, const char *dir,
			     const char *key, u32 *val)
{
	char *text = xenbus_read(XBT_NIL, dir, key, NULL);
	int err;

	if (IS_ERR(text))
		return PTR_ERR(text);
	err = blkif_parse_uint(text, val);
	if (err)
		blkback_refuse(dev, err, "%s/%s is not a number", dir, key);
	kfree(text);
	return err;
}

/* As above, for a key that has a default. */
static int blkback_read_uint_or(struct xenbus_device *dev, const char *key,
				u32 absent, u32 *val)
{
	int err = blkback_read_uint(dev, dev->otherend, key, val);

	if (err != -ENOENT)
		return err;
	*val = absent;
	return 0;
}

/* What a frontend writes that is not a number. */
static char *blkback_read_word(struct xenbus_device *dev, const char *key)
{
	char *text = xenbus_read(XBT_NIL, dev->otherend, key, NULL);

	return IS_ERR(text) ? NULL : text;
}

/* Is a key absent (0), or what it may be (1), or something else (-EINVAL)? */
static int blkback_read_flag(struct xenbus_device *dev, const char *key,
			     const char *value)
{
	char *text = blkback_read_word(dev, key);
	int ret = 0;

	if (text && *text)
		ret = strcmp(text, value) ? -EINVAL : 1;
	if (ret < 0)
		blkback_refuse(dev, ret, "%s is not \"%s\"", key, value);
	kfree(text);
	return ret;
}

/** blkback_keys_separate() - does the frontend say that it has separate rings? */
bool blkback_keys_separate(struct xenbus_device *dev)
{
	char *text = blkback_read_word(dev, "ring-layout");
	bool separate = text && !strcmp(text, "split");

	kfree(text);
	return separate;
}

/**
 * blkback_keys_forget() - the choice of a frontend that is no more
 * @dev: the device
 *
 * The next one may be a driver that does not know these keys, and so neither
 * writes nor removes them.  If we may not write there, it has to be one that
 * does.
 */
void blkback_keys_forget(struct xenbus_device *dev)
{
	static const char * const keys[] = {
		"request-format", "ring-layout", "ring-alignment", "integrity",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		xenbus_rm(XBT_NIL, dev->otherend, keys[i]);
}

static int blkback_read_layout(struct xenbus_device *dev,
			       struct blkif_layout *layout)
{
	char *protocol;
	u32 order, align;
	int ret;

	protocol = blkback_read_word(dev, "protocol");
	layout->abi = blkif_abi_by_name(protocol);
	kfree(protocol);

	ret = blkback_read_flag(dev, "ring-layout", "split");
	if (ret < 0)
		return ret;
	layout->separate = ret;
	ret = blkback_read_flag(dev, "request-format", "slim");
	if (ret < 0)
		return ret;
	if (ret || layout->separate)
		layout->abi = &blkif_abi_slim;
	ret = blkback_read_uint_or(dev, "ring-page-order", 0, &order);
	if (ret)
		return ret;
	/* Checked before they are made to fit. */
	layout->order = min_t(u32, order, U8_MAX);
	ret = blkback_read_uint_or(dev, "ring-alignment", 64, &align);
	layout->align = min_t(u32, align, U16_MAX);
	return ret;
}

/**
 * blkback_keys_honour() - offer what a frontend counts on that stays connected
 * @blkback: the disk; its offer may be changed
 *
 * On a shared ring, it has read once what the driver before us offered, and will
 * not again.  It may send requests as large as were offered then.  And it does not
 * keep grants that were not to be kept: its own key only says that it would.
 *
 * One that makes other rings is offered all anew: see blkback_begin_anew().
 */
void blkback_keys_honour(struct blkback *blkback)
{
	struct blkif_offer *offer = &blkback->offer;
	const char *dir = blkback->dev->nodename;
	u32 segs, entries;

	if (xenbus_read_driver_state(blkback->dev, blkback->dev->otherend) !=
	    XenbusStateConnected)
		return;
	segs = xenbus_read_unsigned(dir, "feature-max-indirect-segments", 0);
	entries = xenbus_read_unsigned(dir, "max-slim-indirect-entries", 0);
	offer->max_indirect_segs = max(offer->max_indirect_segs,
				       min_t(u32, segs, BLKBACK_MAX_SEGS));
	offer->max_slim_entries = max(offer->max_slim_entries,
				      min_t(u32, entries, BLKIF_MAX_ENTRIES));
	if (!xenbus_read_unsigned(dir, "feature-persistent", 0))
		offer->persistent = false;
}

/**
 * blkback_keys_choice() - what the frontend chose of what it was offered
 * @blkback: the disk
 * @choice: filled in
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_keys_choice(struct blkback *blkback, struct blkif_choice *choice)
{
	struct xenbus_device *dev = blkback->dev;
	const char *reason;
	u32 persistent;
	int err;

	err = blkback_read_layout(dev, &choice->layout);
	if (err)
		return err;
	err = blkback_read_uint_or(dev, "multi-queue-num-queues",
				   BLKIF_DEFAULT_QUEUES, &choice->nr_queues);
	if (err)
		return err;
	err = blkback_read_uint_or(dev, "feature-persistent", 0, &persistent);
	if (err)
		return err;
	choice->persistent = persistent && blkback->offer.persistent;

	reason = blkif_refuse(choice, &blkback->offer);
	if (!reason)
		return 0;
	blkback_refuse(dev, -EINVAL, "frontend asks for %s", reason);
	return -EINVAL;
}

/* @nr references, under the keys @prefix and a number. */
static int blkback_read_grefs(struct xenbus_device *dev, const char *dir,
			      const char *prefix, unsigned int nr,
			      grant_ref_t *grefs)
{
	char key[sizeof("req-ring-ref") + 10];
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		snprintf(key, sizeof(key), "%s%u", prefix, i);
		err = blkback_read_uint(dev, dir, key, &grefs[i]);
		if (err == -ENOENT)
			blkback_refuse(dev, err, "%s/%s is missing", dir, key);
		if (err)
			return err;
	}
	return 0;
}

/*
 * A shared ring of one page may have its reference under either name:
 * "ring-ref" is the older one.
 */
static int blkback_read_rings(struct xenbus_device *dev, const char *dir,
			      const struct blkif_layout *layout,
			      grant_ref_t *grefs)
{
	unsigned int nr = blkif_layout_req_pages(layout);
	int err;

	if (layout->separate) {
		err = blkback_read_grefs(dev, dir, "req-ring-ref", nr, grefs);
		if (err)
			return err;
		return blkback_read_grefs(dev, dir, "rsp-ring-ref",
					  blkif_layout_rsp_pages(layout),
					  grefs + nr);
	}
	if (nr == 1) {
		err = blkback_read_uint(dev, dir, "ring-ref", grefs);
		if (err != -ENOENT)
			return err;
	}
	return blkback_read_grefs(dev, dir, "ring-ref", nr, grefs);
}

static int blkback_connect_queue(struct blkback_conn *conn, const char *dir)
{
	grant_ref_t grefs[2 * BLKIF_SEP_MAX_PAGES];
	struct xenbus_device *dev = conn->blkback->dev;
	evtchn_port_t port;
	int err;

	err = blkback_read_uint(dev, dir, "event-channel", &port);
	if (err == -ENOENT)
		blkback_refuse(dev, err, "%s/event-channel is missing", dir);
	if (err)
		return err;
	err = blkback_read_rings(dev, dir, &conn->agreed.layout, grefs);
	if (err)
		return err;
	return blkback_conn_add_queue(conn, grefs, port);
}

/**
 * blkback_keys_queues() - add all queues, by the keys that name their rings
 * @conn: the connection, without queues yet
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_keys_queues(struct blkback_conn *conn)
{
	struct xenbus_device *dev = conn->blkback->dev;
	unsigned int i;
	int err = 0;

	if (conn->agreed.nr_queues == 1)
		return blkback_connect_queue(conn, dev->otherend);

	for (i = 0; i < conn->agreed.nr_queues && !err; i++) {
		char *dir = kasprintf(GFP_KERNEL, "%s/queue-%u", dev->otherend,
				      i);

		if (!dir) {
			xenbus_dev_fatal(dev, -ENOMEM, "queue %u", i);
			return -ENOMEM;
		}
		err = blkback_connect_queue(conn, dir);
		kfree(dir);
	}
	return err;
}

/**
 * blkback_keys_check_pi() - is it the protection information that was offered?
 * @blkback: the disk
 *
 * The frontend has seen what the disk has, and says what it uses.  One without
 * slim requests does not, whatever another has left there.
 */
void blkback_keys_check_pi(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	char *name;

	/* If it is not, this was said already. */
	if (dev->state != XenbusStateConnected || !blkback->conn ||
	    !blkback->conn->agreed.layout.abi->slim)
		return;
	name = blkback_read_word(dev, "integrity");
	if (name && *name && strcmp(name, blkif_pi_name(&blkback->conn->pi)))
		blkback_refuse(dev, -EINVAL,
			       "frontend asks for protection information that was not offered");
	kfree(name);
}

/**
 * blkback_keys_name() - the disk inside the guest, as the toolstack calls it
 * @dev: the device
 * @name: filled in
 * @size: of @name
 */
void blkback_keys_name(struct xenbus_device *dev, char *name, size_t size)
{
	char *path = xenbus_read(XBT_NIL, dev->nodename, "dev", NULL);
	const char *base;

	if (IS_ERR(path)) {
		snprintf(name, size, "vbd");
		return;
	}
	base = strstr(path, "/dev/");
	strscpy(name, base ? base + strlen("/dev/") : path, size);
	kfree(path);
}

/** blkback_keys_cdrom() - does the toolstack call it a CD-ROM? */
bool blkback_keys_cdrom(struct xenbus_device *dev)
{
	char *type = xenbus_read(XBT_NIL, dev->otherend, "device-type", NULL);
	bool cdrom;

	if (IS_ERR(type))
		return false;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return cdrom;
}

/**
 * blkback_keys_writable() - does the toolstack let the guest write?
 * @dev: the device
 * @before: what it said before, in case that it cannot be read
 */
bool blkback_keys_writable(struct xenbus_device *dev, bool before)
{
	char *mode = xenbus_read(XBT_NIL, dev->nodename, "mode", NULL);
	bool writable;

	if (IS_ERR(mode))
		return PTR_ERR(mode) != -ENOENT && before;
	writable = strchr(mode, 'w');
	kfree(mode);
	return writable;
}
