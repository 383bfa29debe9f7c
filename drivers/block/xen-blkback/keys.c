// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: reads and checks what others write to XenStore.
 *
 * A function that finds a wrong value refuses the frontend with the name of the
 * key; its caller has nothing to report.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include <xen/xen.h>
#include "life.h"

/*
 * Read a key that may be absent.  @text is NULL then, and is to be freed
 * otherwise.  Return: 0 or -errno, which was reported.
 */
static int blkback_read_text(struct blkback *blkback, const char *dir,
			     const char *key, char **text)
{
	int err;

	*text = xenbus_read(XBT_NIL, dir, key, NULL);
	if (!IS_ERR(*text))
		return 0;
	err = PTR_ERR(*text);
	*text = NULL;
	if (err == -ENOENT)
		return 0;
	blkback_refuse(blkback, err, "reading %s/%s failed", dir, key);
	return err;
}

/*
 * Read a number; anything but digits, or more than a u32, is refused.  Return: 0,
 * -ENOENT if the key is absent, or -errno, which was reported.
 */
static int blkback_read_uint(struct blkback *blkback, const char *dir,
			     const char *key, u32 *val)
{
	char *text;
	int err;

	err = blkback_read_text(blkback, dir, key, &text);
	if (err)
		return err;
	if (!text)
		return -ENOENT;
	err = blkif_parse_uint(text, val);
	if (err)
		blkback_refuse(blkback, err, "%s/%s is not a number", dir, key);
	kfree(text);
	return err;
}

/* As above, for a key of the frontend that has a default. */
static int blkback_read_uint_or(struct blkback *blkback, const char *key,
				u32 absent, u32 *val)
{
	int err = blkback_read_uint(blkback, blkback->frontend, key, val);

	if (err != -ENOENT)
		return err;
	*val = absent;
	return 0;
}

/*
 * Read a key that is absent or has one value.  Return: 0 if it is absent, 1 if
 * it has the value, -EINVAL if it has another, or -errno; errors were reported.
 */
static int blkback_read_flag(struct blkback *blkback, const char *key,
			     const char *value)
{
	char *text;
	int ret;

	ret = blkback_read_text(blkback, blkback->frontend, key, &text);
	if (ret)
		return ret;
	if (text && *text)
		ret = strcmp(text, value) ? -EINVAL : 1;
	if (ret < 0)
		blkback_refuse(blkback, ret, "%s is not \"%s\"", key, value);
	kfree(text);
	return ret;
}

/**
 * blkback_keys_state() - read the state of the frontend
 * @blkback: the device
 * @state: the number that is there; XenbusStateUnknown if there is none, because
 *         the frontend's directory is gone
 *
 * Return: 0, or -errno if it cannot be read.
 */
int blkback_keys_state(struct blkback *blkback, int *state)
{
	int ret = xenbus_scanf(XBT_NIL, blkback->frontend, "state", "%d",
			       state);

	if (ret == -ENOENT)
		*state = XenbusStateUnknown;
	else if (ret == -ERANGE)
		/* Not a number. */
		*state = -1;
	else if (ret != 1)
		return ret;
	return 0;
}

/* Has the frontend's key this value?  @unreadable if that cannot be read. */
static bool blkback_key_is(struct blkback *blkback, const char *key,
			   const char *value, bool unreadable)
{
	char *text;
	bool is;

	if (blkback_read_text(blkback, blkback->frontend, key, &text))
		return unreadable;
	is = text && !strcmp(text, value);
	kfree(text);
	return is;
}

/* Return: 0 or 1, or -errno. */
static int blkback_read_online(struct xenbus_device *dev)
{
	unsigned int online;
	int ret = xenbus_scanf(XBT_NIL, dev->nodename, "online", "%u", &online);

	return ret == 1 ? !!online : ret;
}

/**
 * blkback_keys_online() - does the toolstack keep the device?
 * @dev: the device
 *
 * Return: false if the toolstack removes it, or has not said that it keeps it.
 */
bool blkback_keys_online(struct xenbus_device *dev)
{
	int ret = blkback_read_online(dev);

	return ret && ret != -ENOENT;
}

/**
 * blkback_keys_offline() - does the toolstack remove the device?
 * @dev: the device
 *
 * Return: true if it has said so.
 */
bool blkback_keys_offline(struct xenbus_device *dev)
{
	return !blkback_read_online(dev);
}

/**
 * blkback_keys_separate() - does the frontend say that it has separate rings?
 * @blkback: the device
 *
 * Return: true if it does, or what it says cannot be read, which was reported.
 */
bool blkback_keys_separate(struct blkback *blkback)
{
	return blkback_key_is(blkback, "ring-layout", "split", true);
}

/**
 * blkback_keys_remove_choice() - remove what an earlier frontend chose
 * @blkback: the device
 *
 * The next frontend may be a driver that does not know these keys, and so
 * neither writes nor removes them.  A domain that does not let us write there
 * has to run a driver that knows them.
 */
void blkback_keys_remove_choice(struct blkback *blkback)
{
	static const char * const keys[] = {
		"request-format", "ring-layout", "ring-alignment", "integrity",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		xenbus_rm(XBT_NIL, blkback->frontend, keys[i]);
}

static int blkback_read_layout(struct blkback *blkback,
			       struct blkif_layout *layout)
{
	char *protocol;
	u32 order, align;
	int ret;

	ret = blkback_read_text(blkback, blkback->frontend, "protocol",
				&protocol);
	if (ret)
		return ret;
	layout->abi = blkif_abi_by_name(protocol);
	kfree(protocol);

	ret = blkback_read_flag(blkback, "ring-layout", "split");
	if (ret < 0)
		return ret;
	layout->separate = ret;
	ret = blkback_read_flag(blkback, "request-format", "slim");
	if (ret < 0)
		return ret;
	if (ret || layout->separate)
		layout->abi = &blkif_abi_slim;
	ret = blkback_read_uint_or(blkback, "ring-page-order", 0, &order);
	if (ret)
		return ret;
	/* blkif_refuse() refuses all values that do not fit. */
	layout->order = min_t(u32, order, U8_MAX);
	ret = blkback_read_uint_or(blkback, "ring-alignment", 64, &align);
	layout->align = min_t(u32, align, U16_MAX);
	return ret;
}

/**
 * blkback_keys_inherit_offer() - keep to what a previous driver offered
 * @blkback: the disk; its offer may be changed
 *
 * A frontend that stays connected on a shared ring has read the offer of the
 * previous driver and does not read this one.  It may send requests as large as
 * were offered then, and it does not reuse grants if that was not offered: its
 * own key only says that it would.
 *
 * A frontend that makes other rings reads a new offer: see blkback_reset().
 */
void blkback_keys_inherit_offer(struct blkback *blkback)
{
	struct blkif_offer *offer = &blkback->offer;
	const char *dir = blkback->dev->nodename;
	u32 segs, entries;
	int state;

	if (blkback_keys_state(blkback, &state) ||
	    state != XenbusStateConnected)
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
 * blkback_keys_choice() - read what the frontend chose of its offer
 * @blkback: the disk
 * @choice: filled in
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_keys_choice(struct blkback *blkback, struct blkif_choice *choice)
{
	const char *reason;
	u32 persistent;
	int err;

	err = blkback_read_layout(blkback, &choice->layout);
	if (err)
		return err;
	err = blkback_read_uint_or(blkback, "multi-queue-num-queues",
				   BLKIF_DEFAULT_QUEUES, &choice->nr_queues);
	if (err)
		return err;
	err = blkback_read_uint_or(blkback, "feature-persistent", 0,
				   &persistent);
	if (err)
		return err;
	choice->persistent = persistent && blkback->offer.persistent;

	reason = blkif_refuse(choice, &blkback->offer);
	if (!reason)
		return 0;
	blkback_refuse(blkback, -EINVAL, "the frontend asks for %s", reason);
	return -EINVAL;
}

/* Read @nr references, under keys of @prefix and a number. */
static int blkback_read_grefs(struct blkback *blkback, const char *dir,
			      const char *prefix, unsigned int nr,
			      grant_ref_t *grefs)
{
	char key[sizeof("req-ring-ref") + 10];
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		snprintf(key, sizeof(key), "%s%u", prefix, i);
		err = blkback_read_uint(blkback, dir, key, &grefs[i]);
		if (err == -ENOENT)
			blkback_refuse(blkback, err, "%s/%s is missing", dir,
				       key);
		if (err)
			return err;
	}
	return 0;
}

/*
 * The reference of a shared ring of one page may have either of two names, of
 * which "ring-ref" is the older one.
 */
static int blkback_read_rings(struct blkback *blkback, const char *dir,
			      const struct blkif_layout *layout,
			      grant_ref_t *grefs)
{
	unsigned int nr = blkif_layout_req_pages(layout);
	int err;

	if (layout->separate) {
		err = blkback_read_grefs(blkback, dir, "req-ring-ref", nr,
					 grefs);
		if (err)
			return err;
		return blkback_read_grefs(blkback, dir, "rsp-ring-ref",
					  blkif_layout_rsp_pages(layout),
					  grefs + nr);
	}
	if (nr == 1) {
		err = blkback_read_uint(blkback, dir, "ring-ref", grefs);
		if (err != -ENOENT)
			return err;
	}
	return blkback_read_grefs(blkback, dir, "ring-ref", nr, grefs);
}

static int blkback_read_queue(struct blkback *blkback, const char *dir,
			      const struct blkif_layout *layout,
			      struct blkback_queue_keys *keys)
{
	int err;

	err = blkback_read_uint(blkback, dir, "event-channel", &keys->port);
	if (err == -ENOENT)
		blkback_refuse(blkback, err, "%s/event-channel is missing",
			       dir);
	if (err)
		return err;
	return blkback_read_rings(blkback, dir, layout, keys->grefs);
}

/**
 * blkback_keys_queue() - read the ring and the event channel of a queue
 * @blkback: the disk
 * @choice: what the frontend chose
 * @index: number of the queue
 * @keys: filled in
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_keys_queue(struct blkback *blkback,
		       const struct blkif_choice *choice, unsigned int index,
		       struct blkback_queue_keys *keys)
{
	const char *frontend = blkback->frontend;
	char *dir;
	int err;

	if (choice->nr_queues == 1)
		return blkback_read_queue(blkback, frontend, &choice->layout,
					  keys);
	dir = kasprintf(GFP_KERNEL, "%s/queue-%u", frontend, index);
	if (!dir) {
		blkback_refuse(blkback, -ENOMEM,
			       "no memory to read the keys of queue %u", index);
		return -ENOMEM;
	}
	err = blkback_read_queue(blkback, dir, &choice->layout, keys);
	kfree(dir);
	return err;
}

/**
 * blkback_keys_check_pi() - check that the frontend uses what it was offered
 * @blkback: the disk
 *
 * The frontend has seen the protection information of the disk, and says
 * whether it uses it.  A frontend without slim requests uses none, whatever
 * another one left in XenStore.
 */
void blkback_keys_check_pi(struct blkback *blkback)
{
	struct blkback_conn *conn = blkback->conn;
	char *name;

	/* If it is not connected, the reason was given already. */
	if (blkback_get_state(blkback) != BLKBACK_CONNECTED || !conn ||
	    !conn->agreed.layout.abi->slim)
		return;
	if (blkback_read_text(blkback, blkback->frontend, "integrity", &name))
		return;
	if (name && *name && strcmp(name, blkif_pi_name(&conn->pi)))
		blkback_refuse(blkback, -EINVAL,
			       "the frontend asks for protection information that was not offered");
	kfree(name);
}

/**
 * blkback_keys_name() - read what the toolstack calls the disk in the guest
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

/**
 * blkback_keys_own_domain() - which domain is this?
 *
 * A path that is not absolute is relative to the domain's own directory.
 *
 * Return: its number; DOMID_INVALID if that is not known.
 */
domid_t blkback_keys_own_domain(void)
{
	unsigned int domid;

	if (xenbus_scanf(XBT_NIL, "domid", "", "%u", &domid) == 1)
		return domid;
	return xen_initial_domain() ? 0 : DOMID_INVALID;
}

/**
 * blkback_keys_cdrom() - does the toolstack call it a CD-ROM?
 * @blkback: the device
 *
 * Return: true if it does.
 */
bool blkback_keys_cdrom(struct blkback *blkback)
{
	return blkback_key_is(blkback, "device-type", "cdrom", false);
}

/**
 * blkback_keys_discard() - does the toolstack let the guest discard?
 * @dev: the device
 *
 * Return: true unless it says that it does not, or what it says cannot be read.
 */
bool blkback_keys_discard(struct xenbus_device *dev)
{
	unsigned int enable;
	int ret = xenbus_scanf(XBT_NIL, dev->nodename, "discard-enable", "%u",
			       &enable);

	return ret == 1 ? enable : ret == -ENOENT;
}

/**
 * blkback_keys_writable() - does the toolstack let the guest write?
 * @dev: the device
 * @before: the previous answer, in case the key cannot be read
 *
 * Return: true if it does.
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
