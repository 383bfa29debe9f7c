// SPDX-License-Identifier: GPL-2.0
/*
 * Commands for a guest, over XenStore. One program for both ends, static and
 * with no shell around it: starting a program takes a fifth of a second in an
 * emulated PV guest, and the cases run hundreds of commands.
 *
 * In the guest:
 *	bed agent
 *	bed zero DISK OFFSET LENGTH	what blkdiscard -z does, which busybox has not
 *	bed punch DISK OFFSET LENGTH	the same, but only if the disk does the work, and
 *					free what it can
 *	bed usable DISK...		for each disk in turn: wait until it can be opened,
 *					say so, read its first 4 KiB, say so again
 * In dom0:
 *	bed run DOMID SECONDS COMMAND	output and exit status of a command
 *	bed start DOMID SECONDS COMMAND	begin it and print its number
 *	bed wait DOMID SECONDS NUMBER	the output and status of such a one
 *	bed until SECONDS PATH VALUE [PATH VALUE]...
 *					wait for nodes to have values; "-": to be gone,
 *					"+": to be there
 *	bed times SECONDS STATE PATH...	wait for nodes to be there, one after the other, and
 *					print the microseconds since 1970 for each; fail if
 *					the node STATE says that the device closes
 *	bed read PATH...		print values, a line each
 *	bed list PATH			print the names below a node
 *
 * 124: the limit ran out; 125: the domain is gone; 126: no command was sent.
 *
 * Nodes below /local/domain/DOMID/data/bed (a guest may own values of 2048 bytes):
 *	ready		the agent is there
 *	go		the number of the newest command
 *	N/limit		seconds that command N may take
 *	N/in/P		its text, in parts
 *	N/out/P		the end of its output, in parts
 *	N/rc		"STATUS PARTS", written last
 *	usable/DISK	a disk can be opened
 *	did_io/DISK	its first I/O was answered
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PART		1900
#define OUTPUT_MAX	(8 * PART)
#define MAX_COMMANDS	32

enum {
	XS_DIRECTORY = 1,
	XS_READ = 2,
	XS_WATCH = 4,
	XS_WRITE = 11,
	XS_RM = 13,
	XS_WATCH_EVENT = 15,
	XS_ERROR = 16,
	XS_IS_DOMAIN_INTRODUCED = 17,
};

struct xs_header {
	uint32_t type, req_id, tx_id, len;
};

static int xs = -1;
static int woken;	/* a watch has fired since the last check */

static void die(int status, const char *text)
{
	fprintf(stderr, "bed: %s: %s\n", text, strerror(errno));
	exit(status);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int read_all(void *to, size_t len)
{
	char *p = to;

	while (len) {
		ssize_t n = read(xs, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}

/* One message; the body is terminated and the caller's to free. */
static char *receive(struct xs_header *h)
{
	char *body;

	if (read_all(h, sizeof(*h)))
		die(126, "XenStore does not answer");
	body = malloc(h->len + 1);
	if (!body || (h->len && read_all(body, h->len)))
		die(126, "XenStore broke off");
	body[h->len] = '\0';
	return body;
}

/* A request and its answer, LEN of either; NULL and errno when XenStore says no. */
static char *ask_len(uint32_t type, const void *data, size_t *length)
{
	size_t len = *length;
	static uint32_t id;
	char msg[sizeof(struct xs_header) + 4096], *body;
	struct xs_header h = { type, ++id, 0, len };

	if (len > 4096) {
		errno = E2BIG;
		return NULL;
	}
	memcpy(msg, &h, sizeof(h));
	memcpy(msg + sizeof(h), data, len);
	if (write(xs, msg, sizeof(h) + len) != (ssize_t)(sizeof(h) + len))
		die(126, "cannot write to XenStore");
	for (;;) {
		body = receive(&h);
		if (h.type == XS_WATCH_EVENT) {
			woken = 1;
			free(body);
			continue;
		}
		if (h.type != XS_ERROR) {
			*length = h.len;
			return body;
		}
		errno = strcmp(body, "ENOENT") ? EIO : ENOENT;
		free(body);
		return NULL;
	}
}

static char *ask(uint32_t type, const void *data, size_t len)
{
	return ask_len(type, data, &len);
}

static char *xs_read(const char *path)
{
	return ask(XS_READ, path, strlen(path) + 1);
}

static int xs_write(const char *path, const char *value, size_t len)
{
	size_t p = strlen(path) + 1;
	char buf[4096], *r;

	if (p + len > sizeof(buf)) {
		errno = E2BIG;
		return -1;
	}
	memcpy(buf, path, p);
	memcpy(buf + p, value, len);
	r = ask(XS_WRITE, buf, p + len);
	free(r);
	return r ? 0 : -1;
}

static void xs_rm(const char *path)
{
	free(ask(XS_RM, path, strlen(path) + 1));
}

static void xs_watch(const char *path)
{
	char buf[512];
	int n = snprintf(buf, sizeof(buf), "%s%cbed", path, 0);

	free(ask(XS_WATCH, buf, n + 1));
}

static int introduced(const char *domid)
{
	char *r = ask(XS_IS_DOMAIN_INTRODUCED, domid, strlen(domid) + 1);
	int yes = r && r[0] == 'T';

	free(r);
	return yes;
}

/* Sleep until a watch fires or a tenth of the caller's limit has passed. */
static void doze(double end)
{
	struct pollfd p = { xs, POLLIN, 0 };
	struct xs_header h;
	double left = end - now();

	if (!woken && left > 0 && poll(&p, 1, left > 5 ? 5000 : left * 1000 + 1) > 0)
		free(receive(&h));
	woken = 0;
}

__attribute__((format(printf, 1, 2)))
static const char *path(const char *format, ...)
{
	static char buf[4][256];
	static int next;
	va_list args;

	next = (next + 1) % 4;
	va_start(args, format);
	vsnprintf(buf[next], sizeof(buf[0]), format, args);
	va_end(args);
	return buf[next];
}

static int write_parts(const char *base, const char *text, size_t len)
{
	int n = 0;

	for (; len; n++) {
		size_t part = len < PART ? len : PART;

		if (xs_write(path("%s/%d", base, n), text, part))
			return -1;
		text += part;
		len -= part;
	}
	return n;
}

static char *read_parts(const char *base)
{
	char *all = calloc(1, 1), *part;
	size_t len = 0;
	int n = 0;

	while (all && (part = xs_read(path("%s/%d", base, n++)))) {
		all = realloc(all, len + strlen(part) + 1);
		if (!all)
			break;
		strcpy(all + len, part);
		len += strlen(part);
		free(part);
	}
	if (!all)
		die(126, "no memory");
	return all;
}

/* The guest's end */

static struct command {
	int number;
	pid_t pid;
	double end;
} commands[MAX_COMMANDS];

static void sigchld(int sig)
{
	(void)sig;
}

static void answer(struct command *c, int status)
{
	const char *file = path("/run/bed.%d", c->number);
	static char text[OUTPUT_MAX];
	int fd = open(file, O_RDONLY), parts = 0;
	ssize_t n = 0;
	off_t size;

	if (fd >= 0) {
		size = lseek(fd, 0, SEEK_END);
		lseek(fd, size > OUTPUT_MAX ? size - OUTPUT_MAX : 0, SEEK_SET);
		n = read(fd, text, OUTPUT_MAX);
		close(fd);
	}
	if (n > 0)
		parts = write_parts(path("data/bed/%d/out", c->number), text, n);
	unlink(file);
	file = path("%d %d", status, parts);
	xs_write(path("data/bed/%d/rc", c->number), file, strlen(file));
	c->pid = 0;
}

static void begin(int number)
{
	char *text = read_parts(path("data/bed/%d/in", number));
	char *limit = xs_read(path("data/bed/%d/limit", number));
	struct command *c = commands;
	int fd;

	while (c < commands + MAX_COMMANDS && c->pid)
		c++;
	if (c == commands + MAX_COMMANDS || !limit)
		die(126, "too many commands, or one without a limit");
	c->number = number;
	c->end = now() + atof(limit);
	c->pid = fork();
	if (c->pid == 0) {
		setsid();
		close(xs);
		fd = open(path("/run/bed.%d", number), O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		fd = open("/dev/null", O_RDONLY);
		dup2(fd, 0);
		execl("/bin/sh", "sh", "-c", text, NULL);
		_exit(126);
	}
	if (c->pid < 0) {
		c->pid = -1;
		answer(c, 126);
	}
	free(text);
	free(limit);
}

static void reap(void)
{
	struct command *c;
	int status;

	for (c = commands; c < commands + MAX_COMMANDS; c++) {
		if (c->pid <= 0)
			continue;
		if (waitpid(c->pid, &status, WNOHANG) == c->pid) {
			answer(c, WIFEXITED(status) ? WEXITSTATUS(status) :
						      128 + WTERMSIG(status));
		} else if (now() > c->end) {
			/* It may be stuck in the kernel: do not wait for it to die. */
			kill(-c->pid, SIGKILL);
			answer(c, 128 + SIGKILL);
		}
	}
}

static void agent(void)
{
	struct sigaction sa = { .sa_handler = sigchld };
	struct pollfd p = { xs, POLLIN, 0 };
	struct xs_header h;
	struct timespec tick = { 1, 0 };
	sigset_t blocked, open_set;
	int last = 0, go;
	char *v;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &open_set);
	sigaction(SIGCHLD, &sa, NULL);

	xs_watch("data/bed/go");
	if (xs_write("data/bed/ready", "1", 1))
		die(126, "cannot say that the agent is ready");
	for (;;) {
		/* Signals come in here and nowhere else, so none is missed. */
		if (!woken && ppoll(&p, 1, &tick, &open_set) > 0 && (p.revents & POLLIN)) {
			free(receive(&h));
			woken = 1;
		}
		if (woken) {
			woken = 0;
			v = xs_read("data/bed/go");
			for (go = v ? atoi(v) : 0; last < go; )
				begin(++last);
			free(v);
		}
		reap();
	}
}

/* dom0's end */

static int start(const char *domid, const char *limit, const char *command)
{
	const char *base = path("/local/domain/%s/data/bed", domid), *text;
	char dir[64];
	char *v;
	int n, lock;

	lock = open(path("/run/bed/lock-%s", domid), O_RDWR | O_CREAT, 0600);
	flock(lock, LOCK_EX);
	snprintf(dir, sizeof(dir), "%s", base);
	v = xs_read(path("%s/go", dir));
	n = v ? atoi(v) + 1 : 1;
	free(v);
	if (xs_write(path("%s/%d/limit", dir, n), limit, strlen(limit)) ||
	    write_parts(path("%s/%d/in", dir, n), command, strlen(command)) < 0)
		die(126, "cannot send a command");
	text = path("%d", n);
	if (xs_write(path("%s/go", dir), text, strlen(text)))
		die(126, "cannot send a command");
	close(lock);
	return n;
}

/* The agent ends a command at its limit; wait somewhat longer than that. */
static int finish(const char *domid, const char *limit, int n)
{
	double end = now() + atof(limit) + 15;
	char dir[64], *v, *out;
	int status;

	snprintf(dir, sizeof(dir), "/local/domain/%s/data/bed/%d", domid, n);
	xs_watch(path("%s/rc", dir));
	xs_watch("@releaseDomain");
	while (!(v = xs_read(path("%s/rc", dir)))) {
		if (!introduced(domid))
			return 125;
		if (now() > end)
			return 124;
		doze(end);
	}
	status = atoi(v);
	out = read_parts(path("%s/out", dir));
	fwrite(out, 1, strlen(out), stdout);
	xs_rm(dir);
	free(out);
	free(v);
	return status;
}

static int holds(char **pair)
{
	char *v = xs_read(pair[0]);
	int yes;

	if (!v)
		yes = !strcmp(pair[1], "-");
	else
		yes = !strcmp(pair[1], "+") || !strcmp(pair[1], v);
	free(v);
	return yes;
}

static int until(double limit, char **pairs)
{
	double end = now() + limit;
	char **p;

	for (p = pairs; *p && p[1]; p += 2)
		xs_watch(*p);
	for (;;) {
		for (p = pairs; *p && p[1] && holds(p); p += 2)
			;
		if (!*p)
			return 0;
		if (now() > end)
			return 124;
		doze(end);
	}
}

static int read_values(char **paths)
{
	int missing = 0;
	char *v;

	for (; *paths; paths++) {
		v = xs_read(*paths);
		missing |= !v;
		puts(v ? v : "");
		free(v);
	}
	return missing;
}

static int list(const char *dir)
{
	size_t len = strlen(dir) + 1;
	char *names, *p;

	names = ask_len(XS_DIRECTORY, dir, &len);
	if (!names)
		return 1;
	for (p = names; p < names + len; p += strlen(p) + 1)
		puts(p);
	free(names);
	return 0;
}

static int zero(const char *disk, const char *offset, const char *length, int punch)
{
	uint64_t range[2] = { strtoull(offset, NULL, 0), strtoull(length, NULL, 0) };
	int fd = open(disk, O_WRONLY);

	if (fd < 0)
		die(1, disk);
	if (punch ? fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range[0], range[1]) :
		    ioctl(fd, BLKZEROOUT, range))
		die(1, punch ? "punching a hole" : "BLKZEROOUT");
	return 0;
}

static int closes(const char *state)
{
	char *v = xs_read(state);
	int yes = v && atoi(v) >= 5;

	free(v);
	return yes;
}

static int times(double limit, const char *state, char **paths)
{
	double end = now() + limit;
	struct timespec t;
	char **p, *v;

	xs_watch(state);
	for (p = paths; *p; p++)
		xs_watch(*p);
	for (p = paths; *p; p++) {
		while (!(v = xs_read(*p))) {
			if (closes(state))
				return 1;
			if (now() > end)
				return 124;
			doze(end);
		}
		free(v);
		clock_gettime(CLOCK_REALTIME, &t);
		printf("%lld\n", t.tv_sec * 1000000LL + t.tv_nsec / 1000);
	}
	return 0;
}

/*
 * Sleep until /dev has a new node, so that waiting costs nothing; the node may
 * be there before the disk is.
 */
static int opened(const char *disk, int changes)
{
	const struct timespec tick = { 0, 1000000 };
	struct pollfd p = { changes, POLLIN, 0 };
	static char events[4096];
	uint64_t size;
	int fd;

	for (;;) {
		fd = open(path("/dev/%s", disk), O_RDONLY | O_DIRECT | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT) {
			if (poll(&p, 1, 5000) > 0 &&
			    read(changes, events, sizeof(events)) < 0)
				die(126, "inotify");
			continue;
		}
		if (fd >= 0) {
			if (!ioctl(fd, BLKGETSIZE64, &size) && size)
				return fd;
			close(fd);
		}
		nanosleep(&tick, NULL);
	}
}

static int usable(char **disks)
{
	static char buf[4096] __attribute__((aligned(4096)));
	int fd, changes = inotify_init();

	if (changes < 0 || inotify_add_watch(changes, "/dev", IN_CREATE) < 0)
		die(126, "inotify");
	for (; *disks; disks++) {
		fd = opened(*disks, changes);
		if (xs_write(path("data/bed/usable/%s", *disks), "", 0))
			die(126, "cannot say that a disk is usable");
		if (pread(fd, buf, sizeof(buf), 0) != sizeof(buf))
			die(1, *disks);
		if (xs_write(path("data/bed/did_io/%s", *disks), "", 0))
			die(126, "cannot say that a disk did I/O");
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if ((!strcmp(what, "zero") || !strcmp(what, "punch")) && argc == 5)
		return zero(argv[2], argv[3], argv[4], what[0] == 'p');

	xs = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	if (xs < 0)
		die(126, "/dev/xen/xenbus");
	if (!strcmp(what, "agent"))
		agent();
	if (!strcmp(what, "run") && argc == 5)
		return finish(argv[2], argv[3], start(argv[2], argv[3], argv[4]));
	if (!strcmp(what, "start") && argc == 5)
		return printf("%d\n", start(argv[2], argv[3], argv[4])) < 0;
	if (!strcmp(what, "wait") && argc == 5)
		return finish(argv[2], argv[3], atoi(argv[4]));
	if (!strcmp(what, "until") && argc > 4)
		return until(atof(argv[2]), argv + 3);
	if (!strcmp(what, "usable") && argc > 2)
		return usable(argv + 2);
	if (!strcmp(what, "times") && argc > 4)
		return times(atof(argv[2]), argv[3], argv + 4);
	if (!strcmp(what, "read") && argc > 2)
		return read_values(argv + 2);
	if (!strcmp(what, "list") && argc == 3)
		return list(argv[2]);
	fprintf(stderr, "bed: no such command\n");
	return 126;
}
