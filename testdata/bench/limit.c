/*
 * What this machine's sockets allow a milter at most: one thread that reads what the socket has,
 * splits it into frames and answers from a table, without looking at the mail.
 *
 *   limit -s unix:/path -f noop|addheader|body|rewrite [-b BYTES]
 *
 * It negotiates what the tuned libmilter filter of that name does. -b is the size of the
 * replacement body of rewrite, which is made of the letter L.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#define HEAD 64            /* bytes of a frame that the table may compare */
#define FRAME_MAX (1 << 20)
#define REPLIES 64         /* replies gathered for one write */
#define SPAMMER "<spammer@bench.example>"

/* A row of the table: a frame of this command whose data begins so gets this reply. */
struct row {
	unsigned char command;
	const char *prefix;
	size_t prefix_len;
	struct iovec reply;
};

static struct row table[8];
static unsigned rows;

struct conn {
	int fd;
	bool blocked;              /* the peer does not read: write before anything else */
	unsigned char head[HEAD];  /* the start of a frame that was cut by the end of a read */
	size_t have;
	size_t skip;               /* bytes of the frame that are still to come */
	struct iovec out[REPLIES];
	int replies;
};

static void die(const char *what)
{
	fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* frame appends one frame to a row's reply. */
static void frame(struct row *r, char code, const void *data, size_t len)
{
	uint32_t n = htonl((uint32_t)len + 1);
	char *p = realloc(r->reply.iov_base, r->reply.iov_len + 5 + len);

	if (p == NULL)
		die("realloc");
	r->reply.iov_base = p;
	p += r->reply.iov_len;
	memcpy(p, &n, 4);
	p[4] = code;
	if (len > 0)
		memcpy(p + 5, data, len);
	r->reply.iov_len += 5 + len;
}

static struct row *row(unsigned char command, const char *prefix)
{
	struct row *r = &table[rows++];

	r->command = command;
	r->prefix = prefix;
	r->prefix_len = strlen(prefix);
	return r;
}

static void options(uint32_t actions, uint32_t steps)
{
	uint32_t words[3] = {htonl(SMFI_PROT_VERSION), htonl(actions), htonl(steps)};

	frame(row(SMFIC_OPTNEG, ""), SMFIC_OPTNEG, words, sizeof words);
}

static void sender_rows(void)
{
	static const char refused[] = "550 5.7.1 no mail from spammers";

	frame(row(SMFIC_MAIL, SPAMMER), SMFIR_REPLYCODE, refused, sizeof refused);
	frame(row(SMFIC_MAIL, ""), SMFIR_CONTINUE, NULL, 0);
}

static void body_frames(struct row *r, size_t bytes)
{
	static char chunk[MILTER_CHUNK_SIZE];

	memset(chunk, 'L', sizeof chunk);
	do {
		size_t n = bytes < sizeof chunk ? bytes : sizeof chunk;

		frame(r, SMFIR_REPLBODY, chunk, n);
		bytes -= n;
	} while (bytes > 0);
}

static bool choose(const char *name, size_t bytes)
{
	static const char header[] = "X-Bench\0limit";
	static const char subject[] = "\0\0\0\1Subject\0limit";
	static const char recipient[] = "<copy@bench.example>";
	const uint32_t off = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NODATA | SMFIP_NOEOH |
			     SMFIP_NOUNKNOWN | SMFIP_NR_HDR;
	struct row *eom = row(SMFIC_BODYEOB, "");

	if (strcmp(name, "noop") == 0) {
		options(0, SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |
			   SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_NR_UNKN);
	} else if (strcmp(name, "addheader") == 0) {
		options(SMFIF_ADDHDRS, off | SMFIP_NOBODY);
		sender_rows();
		frame(eom, SMFIR_ADDHEADER, header, sizeof header);
	} else if (strcmp(name, "body") == 0) {
		options(SMFIF_ADDHDRS, off | SMFIP_NR_BODY);
		sender_rows();
		frame(eom, SMFIR_ADDHEADER, header, sizeof header);
	} else if (strcmp(name, "rewrite") == 0) {
		options(SMFIF_CHGBODY | SMFIF_CHGHDRS | SMFIF_ADDRCPT, off | SMFIP_NOMAIL | SMFIP_NR_BODY);
		frame(eom, SMFIR_CHGHEADER, subject, sizeof subject);
		frame(eom, SMFIR_ADDRCPT, recipient, sizeof recipient);
		body_frames(eom, bytes);
	} else {
		return false;
	}
	frame(eom, SMFIR_CONTINUE, NULL, 0);
	return true;
}

/* flush writes the replies; false once the connection is broken. */
static bool flush(struct conn *c)
{
	int first = 0;

	while (first < c->replies) {
		ssize_t n = writev(c->fd, c->out + first, c->replies - first);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		while (first < c->replies && (size_t)n >= c->out[first].iov_len)
			n -= (ssize_t)c->out[first++].iov_len;
		if (first < c->replies) {
			c->out[first].iov_base = (char *)c->out[first].iov_base + n;
			c->out[first].iov_len -= (size_t)n;
		}
	}
	c->replies -= first;
	memmove(c->out, c->out + first, (size_t)c->replies * sizeof c->out[0]);
	return true;
}

/* answer looks up a frame of which the first bytes are there; false ends the connection. */
static bool answer(struct conn *c, const unsigned char *head, size_t have)
{
	if (head[4] == SMFIC_QUIT)
		return false;
	for (unsigned i = 0; i < rows; i++) {
		struct row *r = &table[i];

		if (r->command != head[4] || have < 5 + r->prefix_len ||
		    memcmp(head + 5, r->prefix, r->prefix_len) != 0)
			continue;
		if (c->replies == REPLIES)
			return false; /* no MTA goes on that long without reading */
		c->out[c->replies++] = r->reply;
		return true;
	}
	return true;
}

static size_t frame_size(const unsigned char *head)
{
	uint32_t n;

	memcpy(&n, head, 4);
	return 4 + (size_t)ntohl(n);
}

/* feed takes what one read gave; false ends the connection. */
static bool feed(struct conn *c, const unsigned char *p, size_t n)
{
	while (n > 0) {
		size_t take, size, want;

		if (c->skip > 0) {
			take = n < c->skip ? n : c->skip;
			c->skip -= take;
			p += take;
			n -= take;
			continue;
		}
		if (c->have == 0 && n >= HEAD) {
			size = frame_size(p);
			if (size < 5 || size > FRAME_MAX || !answer(c, p, size < HEAD ? size : HEAD))
				return false;
			c->skip = size;
			continue;
		}
		want = c->have < 5 ? 5 : frame_size(c->head);
		if (want > HEAD)
			want = HEAD;
		take = want - c->have < n ? want - c->have : n;
		memcpy(c->head + c->have, p, take);
		c->have += take;
		p += take;
		n -= take;
		if (c->have < 5)
			continue;
		size = frame_size(c->head);
		if (size < 5 || size > FRAME_MAX)
			return false;
		if (c->have < (size < HEAD ? size : HEAD))
			continue;
		if (!answer(c, c->head, c->have))
			return false;
		c->skip = size - c->have;
		c->have = 0;
	}
	return true;
}

static void watch(int epoll, int op, struct conn *c, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = c};

	if (epoll_ctl(epoll, op, c->fd, &ev) < 0)
		die("epoll_ctl");
}

static void serve(int epoll, struct conn *c)
{
	static unsigned char buffer[256 * 1024];
	bool blocked, good = true;

	if (c->replies == 0) {
		ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		good = n > 0 && feed(c, buffer, (size_t)n);
	}
	if (!good || !flush(c)) {
		close(c->fd);
		free(c);
		return;
	}
	blocked = c->replies > 0;
	if (blocked != c->blocked)
		watch(epoll, EPOLL_CTL_MOD, c, blocked ? EPOLLOUT : EPOLLIN);
	c->blocked = blocked;
}

static void take_in(int epoll, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = calloc(1, sizeof *c);

		if (c == NULL)
			die("calloc");
		c->fd = fd;
		watch(epoll, EPOLL_CTL_ADD, c, EPOLLIN);
	}
}

static int listen_on(const char *address)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (strncmp(address, "unix:", 5) == 0)
		address += 5;
	if (strlen(address) >= sizeof sun.sun_path) {
		errno = ENAMETOOLONG;
		die(address);
	}
	strcpy(sun.sun_path, address);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof sun) < 0 || listen(fd, 1024) < 0)
		die(address);
	return fd;
}

static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	const char *address = NULL, *name = NULL;
	size_t bytes = 0;
	struct conn listener = {0};
	int opt, epoll;

	while ((opt = getopt(argc, argv, "s:f:b:")) != -1) {
		if (opt == 's')
			address = optarg;
		else if (opt == 'f')
			name = optarg;
		else if (opt == 'b')
			bytes = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (address == NULL || name == NULL || !choose(name, bytes)) {
		fprintf(stderr, "usage: %s -s unix:/path -f noop|addheader|body|rewrite [-b BYTES]\n", argv[0]);
		return 2;
	}
	raise_file_limit();
	listener.fd = listen_on(address);
	if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		die("epoll_create1");
	watch(epoll, EPOLL_CTL_ADD, &listener, EPOLLIN);
	for (;;) {
		struct epoll_event events[256];
		int n = epoll_wait(epoll, events, 256, -1);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c == &listener)
				take_in(epoll, listener.fd);
			else
				serve(epoll, c);
		}
	}
}
