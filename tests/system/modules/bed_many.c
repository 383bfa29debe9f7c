// SPDX-License-Identifier: GPL-2.0
/*
 * A greedy frontend of any number of disks.  It breaks no rule: it fills all
 * rings of each disk with writes, once, and does not take the responses.  It
 * sends slim requests on separate rings or, with existing=1, requests of the
 * existing format on shared rings, which any backend takes.  It is written from
 * the public header and shares no code with the drivers.
 *
 *	insmod bed_many.ko queues=2 order=4 segs=16
 *	cat /sys/module/bed_many/parameters/answered
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xenbus.h>

#define MAX_QUEUES	8
#define MAX_PAGES	16
#define MAX_DISKS	16
#define DATA_PAGES	2048
#define INDIRECT_PAGES	128
#define LINE		64
#define OP_WRITE	1
#define OP_INDIRECT	6

static unsigned int queues = 2;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "Queues of each disk");

static unsigned int order = 4;
module_param(order, uint, 0444);
MODULE_PARM_DESC(order, "Order of the pages of requests of each queue");

static unsigned int segs = 16;
module_param(segs, uint, 0444);
MODULE_PARM_DESC(segs, "Segments of each request, at most 256");

static bool existing;
module_param(existing, bool, 0444);
MODULE_PARM_DESC(existing, "Send requests of the existing format on shared rings");

struct slim_slot {
	u8 lap, op, count, flags;
	__le16 nr, nr_pi;
	__le64 id;
	__le32 gref[4];
};
static_assert(sizeof(struct slim_slot) == 32);

struct slim_entry {
	__le64 sector;
	__le32 gref;
	u8 first, last;
	__le16 reserved;
};

struct old_slot {
	u8 op, inner;
	__le16 nr;
	__le32 pad1;
	__le64 id, sector;
	__le16 handle, pad2;
	__le32 gref[8];
	u8 rest[52];
};
static_assert(sizeof(struct old_slot) == 112);

struct old_segment {
	__le32 gref;
	u8 first, last;
	__le16 pad;
};

struct ring {
	u8 *mem;
	unsigned int pages;
	grant_ref_t refs[MAX_PAGES];
};

struct queue {
	struct ring req, rsp;	/* on shared rings only the first */
	evtchn_port_t port;
};

struct disk {
	struct xenbus_device *dev;
	bool sent;
	struct queue queue[MAX_QUEUES];
};

static struct disk *disks[MAX_DISKS];
static struct page *data[DATA_PAGES], *indirect[INDIRECT_PAGES];
static grant_ref_t data_ref[DATA_PAGES], indirect_ref[INDIRECT_PAGES];

static unsigned int req_pages(void)
{
	return 1U << order;
}

static unsigned int slots(void)
{
	unsigned int bytes = req_pages() * PAGE_SIZE;

	return existing ? rounddown_pow_of_two((bytes - LINE) / 112) :
			  (bytes - 2 * LINE) / 32;
}

static unsigned int answered_by(const struct queue *q)
{
	unsigned int n = 0;

	if (!q->req.mem)
		return 0;
	if (existing)
		return READ_ONCE(((u32 *)q->req.mem)[2]);
	while (n < slots() && READ_ONCE(q->rsp.mem[2 * LINE + n * 16 + 15]) == 1)
		n++;
	return n;
}

static int answered_get(char *buf, const struct kernel_param *kp)
{
	unsigned int i, n, sum = 0;

	for (i = 0; i < MAX_DISKS; i++)
		for (n = 0; disks[i] && n < queues; n++)
			sum += answered_by(&disks[i]->queue[n]);
	return sysfs_emit(buf, "%u\n", sum);
}

static int wanted_get(char *buf, const struct kernel_param *kp)
{
	unsigned int i, sum = 0;

	for (i = 0; i < MAX_DISKS; i++)
		if (disks[i] && READ_ONCE(disks[i]->sent))
			sum += queues * slots();
	return sysfs_emit(buf, "%u\n", sum);
}

static const struct kernel_param_ops answered_ops = { .get = answered_get };
static const struct kernel_param_ops sent_ops = { .get = wanted_get };
module_param_cb(answered, &answered_ops, NULL, 0444);
MODULE_PARM_DESC(answered, "Responses of all disks");
module_param_cb(sent, &sent_ops, NULL, 0444);
MODULE_PARM_DESC(sent, "Requests sent to all disks");

/* A page that the backend still has mapped is freed when it is unmapped. */
static void ring_free(struct ring *r)
{
	unsigned int i;

	for (i = 0; r->mem && i < r->pages; i++)
		gnttab_end_foreign_access(r->refs[i],
					  virt_to_page(r->mem + i * PAGE_SIZE));
	r->mem = NULL;
}

static int ring_alloc(struct ring *r, unsigned int pages)
{
	unsigned int i;

	r->mem = alloc_pages_exact(pages * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!r->mem)
		return -ENOMEM;
	r->pages = pages;
	for (i = 0; i < pages; i++)
		r->refs[i] = gnttab_grant_foreign_access(0,
				virt_to_gfn(r->mem + i * PAGE_SIZE), 0);
	return 0;
}

static int ring_write(struct xenbus_device *dev, const char *dir,
		      const char *name, const struct ring *r)
{
	char key[24];
	unsigned int i;
	int err = 0;

	for (i = 0; i < r->pages && !err; i++) {
		snprintf(key, sizeof(key), "%s%u", name, i);
		err = xenbus_printf(XBT_NIL, dir, key, "%u", r->refs[i]);
	}
	return err;
}

/* Event words start at 1. */
static int queue_init(struct disk *d, unsigned int n)
{
	struct queue *q = &d->queue[n];
	char dir[80];
	int err;

	snprintf(dir, sizeof(dir), queues > 1 ? "%s/queue-%u" : "%s",
		 d->dev->nodename, n);
	err = ring_alloc(&q->req, req_pages());
	if (!err && !existing)
		err = ring_alloc(&q->rsp, DIV_ROUND_UP(2 * LINE + slots() * 16,
						       PAGE_SIZE));
	if (!err)
		err = xenbus_alloc_evtchn(d->dev, &q->port);
	if (err)
		return err;
	if (existing) {
		((u32 *)q->req.mem)[1] = 1;
		((u32 *)q->req.mem)[3] = 1;
		err = ring_write(d->dev, dir, "ring-ref", &q->req);
	} else {
		*(u32 *)(q->req.mem + LINE) = 1;
		*(u32 *)(q->rsp.mem + LINE) = 1;
		err = ring_write(d->dev, dir, "req-ring-ref", &q->req) ?:
		      ring_write(d->dev, dir, "rsp-ring-ref", &q->rsp);
	}
	return err ?: xenbus_printf(XBT_NIL, dir, "event-channel", "%u",
				    q->port);
}

static int connect_backend(struct disk *d)
{
	struct xenbus_device *dev = d->dev;
	unsigned int i;
	int err = 0;

	for (i = 0; i < queues && !err; i++)
		err = queue_init(d, i);
	if (!err)
		err = xenbus_printf(XBT_NIL, dev->nodename, "ring-page-order",
				    "%u", order);
	if (!err && queues > 1)
		err = xenbus_printf(XBT_NIL, dev->nodename,
				    "multi-queue-num-queues", "%u", queues);
	if (!err)
		err = xenbus_write(XBT_NIL, dev->nodename, "protocol",
				   existing ? "x86_64-abi" : "slim");
	if (!err && !existing)
		err = xenbus_write(XBT_NIL, dev->nodename, "request-format",
				   "slim") ?:
		      xenbus_write(XBT_NIL, dev->nodename, "ring-layout",
				   "split");
	if (!err)
		err = xenbus_write(XBT_NIL, dev->nodename,
				   "feature-persistent", "0");
	return err ?: xenbus_switch_state(dev, XenbusStateInitialised);
}

static void put_request(struct queue *q, unsigned int n)
{
	u32 gref = indirect_ref[n % INDIRECT_PAGES];
	struct old_slot *old = (void *)(q->req.mem + LINE + n * 112);
	struct slim_slot *slim = (void *)(q->req.mem + 2 * LINE + n * 32);

	if (existing) {
		*old = (struct old_slot) {
			.op = OP_INDIRECT, .inner = OP_WRITE,
			.nr = cpu_to_le16(segs), .id = cpu_to_le64(n),
			.gref[0] = cpu_to_le32(gref),
		};
		return;
	}
	slim->op = OP_INDIRECT;
	slim->count = OP_WRITE;
	slim->nr = cpu_to_le16(segs);
	slim->id = cpu_to_le64(n);
	slim->gref[0] = cpu_to_le32(gref);
	/* The rest is visible before the lap byte is. */
	wmb();
	WRITE_ONCE(slim->lap, 1);
}

static void flood(struct disk *d)
{
	unsigned int i, n;

	for (i = 0; i < queues; i++) {
		struct queue *q = &d->queue[i];

		for (n = 0; n < slots(); n++)
			put_request(q, n);
		wmb();
		if (existing)
			WRITE_ONCE(*(u32 *)q->req.mem, slots());
		mb();
		notify_remote_via_evtchn(q->port);
	}
	WRITE_ONCE(d->sent, true);
}

static void backend_changed(struct xenbus_device *dev, enum xenbus_state state)
{
	struct disk *d = dev_get_drvdata(&dev->dev);

	switch (state) {
	case XenbusStateInitWait:
		if (dev->state == XenbusStateInitialising && connect_backend(d))
			xenbus_dev_fatal(dev, -EIO, "connecting");
		break;
	case XenbusStateConnected:
		if (dev->state == XenbusStateConnected)
			break;
		xenbus_switch_state(dev, XenbusStateConnected);
		flood(d);
		break;
	case XenbusStateClosing:
		xenbus_switch_state(dev, XenbusStateClosed);
		break;
	case XenbusStateClosed:
		xenbus_frontend_closed(dev);
		break;
	default:
		break;
	}
}

static int many_probe(struct xenbus_device *dev,
		      const struct xenbus_device_id *id)
{
	unsigned int i = 0;
	struct disk *d;

	while (i < MAX_DISKS && disks[i])
		i++;
	d = i < MAX_DISKS ? kzalloc(sizeof(*d), GFP_KERNEL) : NULL;
	if (!d)
		return -ENOMEM;
	d->dev = dev;
	dev_set_drvdata(&dev->dev, d);
	disks[i] = d;
	return 0;
}

static void many_remove(struct xenbus_device *dev)
{
	struct disk *d = dev_get_drvdata(&dev->dev);
	unsigned int i;

	for (i = 0; i < MAX_DISKS; i++)
		if (disks[i] == d)
			disks[i] = NULL;
	for (i = 0; i < queues; i++) {
		if (d->queue[i].port)
			xenbus_free_evtchn(dev, d->queue[i].port);
		ring_free(&d->queue[i].req);
		ring_free(&d->queue[i].rsp);
	}
	kfree(d);
}

static const struct xenbus_device_id ids[] = { { "vbd" }, { "" } };

static struct xenbus_driver driver = {
	.name = "bed_many",
	.ids = ids,
	.probe = many_probe,
	.remove = many_remove,
	.otherend_changed = backend_changed,
	.not_essential = true,
};

static void pages_free(void)
{
	unsigned int i;

	for (i = 0; i < DATA_PAGES && data[i]; i++)
		gnttab_end_foreign_access(data_ref[i], data[i]);
	for (i = 0; i < INDIRECT_PAGES && indirect[i]; i++)
		gnttab_end_foreign_access(indirect_ref[i], indirect[i]);
}

static void indirect_fill(unsigned int n)
{
	void *page = page_address(indirect[n]);
	unsigned int i;

	for (i = 0; i < segs; i++) {
		u32 gref = data_ref[(n * segs + i) % DATA_PAGES];

		if (existing)
			((struct old_segment *)page)[i] = (struct old_segment) {
				.gref = cpu_to_le32(gref), .last = 7,
			};
		else
			((struct slim_entry *)page)[i] = (struct slim_entry) {
				.sector = cpu_to_le64(i * 8),
				.gref = cpu_to_le32(gref), .last = 7,
			};
	}
}

static int pages_alloc(void)
{
	unsigned int i;

	for (i = 0; i < DATA_PAGES; i++) {
		data[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!data[i])
			return -ENOMEM;
		data_ref[i] = gnttab_grant_foreign_access(0,
						xen_page_to_gfn(data[i]), 1);
	}
	for (i = 0; i < INDIRECT_PAGES; i++) {
		indirect[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!indirect[i])
			return -ENOMEM;
		indirect_ref[i] = gnttab_grant_foreign_access(0,
					xen_page_to_gfn(indirect[i]), 1);
		indirect_fill(i);
	}
	return 0;
}

static int __init bed_many_init(void)
{
	int err;

	if (queues > MAX_QUEUES || req_pages() > MAX_PAGES || segs > 256)
		return -EINVAL;
	err = pages_alloc();
	if (!err)
		err = xenbus_register_frontend(&driver);
	if (err)
		pages_free();
	return err;
}
module_init(bed_many_init);

static void __exit bed_many_exit(void)
{
	xenbus_unregister_driver(&driver);
	pages_free();
}
module_exit(bed_many_exit);

MODULE_DESCRIPTION("A greedy frontend of many disks");
MODULE_LICENSE("GPL");
