// SPDX-License-Identifier: GPL-2.0
/*
 * A hostile frontend.  It sends slim requests on a shared ring of 16 pages, or
 * on separate rings of a page each.  It is written from the public header and
 * shares no code with the drivers.  It does one of these:
 *
 *  - fill the ring with writes whose segments are all in one page;
 *  - close as soon as it has sent them and connect again, over and over;
 *  - claim that there are more requests on the ring than it has slots;
 *  - send further requests whenever there is room.
 *
 *	insmod bed_flood.ko requests=1000 segs=1024
 *	cat /sys/module/bed_flood/parameters/answered
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xenbus.h>

#define ORDER		4
#define PAGES		(1 << ORDER)
#define SLOTS		1024
#define OP_READ		0ULL
#define OP_WRITE	1ULL
#define OP_INDIRECT	6ULL

static unsigned int requests = SLOTS;
module_param(requests, uint, 0444);
MODULE_PARM_DESC(requests, "Requests of each connection, at most 1023");

static unsigned int segs = 1024;
module_param(segs, uint, 0444);
MODULE_PARM_DESC(segs, "Segments of each request");

static bool restless;
module_param(restless, bool, 0644);
MODULE_PARM_DESC(restless, "Close and connect again");

static unsigned int pause = 50;
module_param(pause, uint, 0644);
MODULE_PARM_DESC(pause, "Milliseconds from connecting to closing");

static bool separate;
module_param(separate, bool, 0444);
MODULE_PARM_DESC(separate, "Use separate rings, of 124 slots");

static bool rogue;
module_param(rogue, bool, 0444);
MODULE_PARM_DESC(rogue, "Claim more requests than there are slots");

static bool endless;
module_param(endless, bool, 0444);
MODULE_PARM_DESC(endless, "Keep all requests in flight");

static bool stubborn;
module_param(stubborn, bool, 0644);
MODULE_PARM_DESC(stubborn, "Do not close, whatever the backend does");

static unsigned int rounds;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "Number of connections");

struct slot {
	__le64 head, id, gref01, gref23;
};

struct indirect_entry {
	__le64 sector;
	__le32 gref;
	u8 first, last;
	__le16 reserved;
};

struct ring {
	u32 req_prod, req_event, rsp_prod, rsp_event;
	u8 pad[48];
	struct slot slots[SLOTS];
};
static_assert(offsetof(struct ring, slots) == 64);

static struct ring *ring;
static struct indirect_entry *indirect;
static void *data;
static grant_ref_t ring_refs[PAGES], indirect_ref, data_ref;
static bool granted;
static evtchn_port_t port;
static struct task_struct *feeder;
static unsigned int taken;	/* responses, of separate rings */

#define LINE		64
#define SEPARATE_SLOTS	124
#define SEPARATE_FIRST	(2 * LINE)

/* Separate rings use the first two pages of the shared ring's memory. */
static void *separate_slot(unsigned int page, unsigned int n, unsigned int size)
{
	return (u8 *)ring + page * PAGE_SIZE + SEPARATE_FIRST +
	       n % SEPARATE_SLOTS * size;
}

static u8 separate_lap(unsigned int n)
{
	return 1 + n / SEPARATE_SLOTS % 2;
}

static unsigned int answered(void)
{
	if (!ring || !separate)
		return ring ? READ_ONCE(ring->rsp_prod) : 0;
	while (READ_ONCE(((u8 *)separate_slot(1, taken, 16))[15]) ==
	       separate_lap(taken))
		taken++;
	return taken;
}

static int answered_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", answered());
}

static const struct kernel_param_ops answered_ops = {
	.get = answered_get,
};
module_param_cb(answered, &answered_ops, NULL, 0444);
MODULE_PARM_DESC(answered, "Responses of this connection");

/* A page that the backend still has mapped is freed when it is unmapped. */
static void take_back(void)
{
	unsigned int i;

	for (i = 0; i < PAGES && granted; i++)
		gnttab_end_foreign_access(ring_refs[i],
					  virt_to_page((u8 *)ring +
						       i * PAGE_SIZE));
	if (granted) {
		gnttab_end_foreign_access(indirect_ref, virt_to_page(indirect));
		gnttab_end_foreign_access(data_ref, virt_to_page(data));
		return;
	}
	if (ring)
		free_pages_exact(ring, PAGES * PAGE_SIZE);
	free_page((unsigned long)indirect);
	free_page((unsigned long)data);
}

/* Done once: pages stay granted until the module is unloaded. */
static int grant_all(struct xenbus_device *dev)
{
	unsigned int i;

	ring = alloc_pages_exact(PAGES * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	indirect = (void *)get_zeroed_page(GFP_KERNEL);
	data = (void *)get_zeroed_page(GFP_KERNEL);
	if (!ring || !indirect || !data)
		return -ENOMEM;
	for (i = 0; i < PAGES; i++)
		ring_refs[i] = gnttab_grant_foreign_access(dev->otherend_id,
			virt_to_gfn((u8 *)ring + i * PAGE_SIZE), 0);
	indirect_ref = gnttab_grant_foreign_access(dev->otherend_id,
						virt_to_gfn(indirect), 0);
	data_ref = gnttab_grant_foreign_access(dev->otherend_id,
					       virt_to_gfn(data), 0);
	granted = true;
	for (i = 0; i < PAGE_SIZE / sizeof(*indirect); i++)
		indirect[i] = (struct indirect_entry) {
			.sector = cpu_to_le64(i * 8),
			.gref = cpu_to_le32(data_ref),
			.last = 7,
		};
	return xenbus_alloc_evtchn(dev, &port);
}

static int write_common(struct xenbus_device *dev)
{
	int err;

	err = xenbus_printf(XBT_NIL, dev->nodename, "event-channel", "%u",
			    port);
	if (!err)
		err = xenbus_write(XBT_NIL, dev->nodename, "protocol", "slim");
	if (!err)
		err = xenbus_write(XBT_NIL, dev->nodename, "request-format",
				   "slim");
	if (!err)
		err = xenbus_write(XBT_NIL, dev->nodename,
				   "feature-persistent", "1");
	return err ?: xenbus_switch_state(dev, XenbusStateInitialised);
}

/* Both event words start at 1; each is in the second line of a ring. */
static int connect_separate(struct xenbus_device *dev)
{
	int err;

	*(u32 *)((u8 *)ring + LINE) = 1;
	*(u32 *)((u8 *)ring + PAGE_SIZE + LINE) = 1;
	taken = 0;
	err = xenbus_write(XBT_NIL, dev->nodename, "ring-layout", "split");
	if (!err)
		err = xenbus_printf(XBT_NIL, dev->nodename, "ring-page-order",
				    "0");
	if (!err)
		err = xenbus_printf(XBT_NIL, dev->nodename, "req-ring-ref0",
				    "%u", ring_refs[0]);
	if (!err)
		err = xenbus_printf(XBT_NIL, dev->nodename, "rsp-ring-ref0",
				    "%u", ring_refs[1]);
	return err ?: write_common(dev);
}

static int connect_backend(struct xenbus_device *dev)
{
	char key[16];
	unsigned int i;
	int err;

	err = granted ? 0 : grant_all(dev);
	if (err)
		return err;
	/* The backend may still answer the last connection, on the same ring. */
	for (i = 0; i < 500 && rounds && answered() < requests; i++)
		msleep(10);
	memset(ring, 0, PAGES * PAGE_SIZE);
	if (separate)
		return connect_separate(dev);
	ring->req_event = 1;
	for (i = 0; i < PAGES && !err; i++) {
		snprintf(key, sizeof(key), "ring-ref%u", i);
		err = xenbus_printf(XBT_NIL, dev->nodename, key, "%u",
				    ring_refs[i]);
	}
	if (!err)
		err = xenbus_printf(XBT_NIL, dev->nodename, "ring-page-order",
				    "%u", ORDER);
	return err ?: write_common(dev);
}

/* Request number @n of a connection, of @nr segments that are one page. */
static void put_request(unsigned int n, u64 op, unsigned int nr)
{
	unsigned int pages = DIV_ROUND_UP(nr, PAGE_SIZE / sizeof(*indirect));
	u64 refs = (u64)indirect_ref << 32 | indirect_ref;
	struct slot *slot = separate ? separate_slot(0, n, sizeof(*slot)) :
				    &ring->slots[n % SLOTS];

	slot->id = cpu_to_le64(n);
	slot->gref01 = cpu_to_le64(pages > 1 ? refs : indirect_ref);
	slot->gref23 = cpu_to_le64(pages > 3 ? refs :
				   pages > 2 ? indirect_ref : 0);
	/* The body is visible before the lap byte is. */
	wmb();
	WRITE_ONCE(slot->head, cpu_to_le64(OP_INDIRECT << 8 | op << 16 |
					   (u64)nr << 32 |
					   (separate ? separate_lap(n) : 0)));
}

static void publish(unsigned int n)
{
	/* The slots are visible before the index is. */
	wmb();
	if (!separate)
		WRITE_ONCE(ring->req_prod, n);
	/* And the index before the notification. */
	mb();
	notify_remote_via_evtchn(port);
}

/*
 * Xen maps a page at most 255 times.  A page that is named more often must be
 * mapped as a persistent grant before, by a request that names it once.
 */
static unsigned int warm_up(void)
{
	unsigned int i;

	if (segs * requests < 256)
		return 0;
	put_request(0, OP_READ, 1);
	publish(1);
	for (i = 0; i < 3000 && !answered(); i++)
		msleep(10);
	return 1;
}

/* Keep as many requests in flight as were sent first. */
static int feed(void *sent)
{
	unsigned int n = (unsigned long)sent;

	while (!kthread_should_stop()) {
		while (n - answered() < requests)
			put_request(n++, OP_WRITE, segs);
		publish(n);
		usleep_range(500, 1000);
	}
	return 0;
}

static void feed_no_more(void)
{
	if (!IS_ERR_OR_NULL(feeder))
		kthread_stop(feeder);
	feeder = NULL;
}

static void flood(void)
{
	unsigned int i, n = warm_up();

	for (i = 0; i < requests; i++)
		put_request(n++, OP_WRITE, segs);
	publish(rogue ? 2 * SLOTS : n);
	if (endless)
		feeder = kthread_run(feed, (void *)(unsigned long)n, "feeder");
}

static void backend_changed(struct xenbus_device *dev, enum xenbus_state state)
{
	switch (state) {
	case XenbusStateInitWait:
		if (dev->state == XenbusStateInitialising && connect_backend(dev))
			xenbus_dev_fatal(dev, -EIO, "connecting");
		break;
	case XenbusStateConnected:
		if (dev->state == XenbusStateConnected)
			break;
		rounds++;
		xenbus_switch_state(dev, XenbusStateConnected);
		flood();
		if (!restless)
			break;
		msleep(READ_ONCE(pause));
		xenbus_switch_state(dev, XenbusStateClosed);
		break;
	case XenbusStateClosing:
		if (READ_ONCE(stubborn))
			break;
		feed_no_more();
		xenbus_switch_state(dev, XenbusStateClosed);
		break;
	case XenbusStateClosed:
		if (restless)
			xenbus_switch_state(dev, XenbusStateInitialising);
		else
			xenbus_frontend_closed(dev);
		break;
	default:
		break;
	}
}

static int flood_probe(struct xenbus_device *dev,
		       const struct xenbus_device_id *id)
{
	return ring ? -EBUSY : 0;
}

static void flood_remove(struct xenbus_device *dev)
{
	feed_no_more();
	if (port)
		xenbus_free_evtchn(dev, port);
	port = 0;
}

static const struct xenbus_device_id ids[] = { { "vbd" }, { "" } };

static struct xenbus_driver driver = {
	.name = "bed_flood",
	.ids = ids,
	.probe = flood_probe,
	.remove = flood_remove,
	.otherend_changed = backend_changed,
	.not_essential = true,
};

static int __init bed_flood_init(void)
{
	if (requests > (separate ? SEPARATE_SLOTS : SLOTS - 1) || segs > 1024)
		return -EINVAL;
	return xenbus_register_frontend(&driver);
}
module_init(bed_flood_init);

static void __exit bed_flood_exit(void)
{
	xenbus_unregister_driver(&driver);
	take_back();
}
module_exit(bed_flood_exit);

MODULE_DESCRIPTION("A hostile frontend");
MODULE_LICENSE("GPL");
