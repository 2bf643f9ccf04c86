/*
 * PAM module for logins with an OAuth2 token instead of a password. It hands user and token to a checker, a process of
 * its own, and succeeds only if that one answers `ok` and ends well in time; everything else is a refusal.
 *
 * The module's arguments are the checker's (src/pam/arguments.ts). User and token go through a socket: neither the
 * process list nor an environment shows them. Reasons of refusals go to the server's log, never to the client.
 *
 * CHECKER is given when it is compiled: program and first arguments, as C strings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

/* The checker gives up by itself after 10 s; waiting for a slot counts too. */
#ifndef DEADLINE_MS
#define DEADLINE_MS 15000
#endif

enum {
    /* A role name has at most 63 bytes. Longer tokens do not fit in the URL that most servers take. */
    MAX_USER = 255,
    MAX_TOKEN = 8192,
    MAX_ARGUMENTS = 32,
    MAX_ANSWER = 256,
    /* So many checkers run at a time in a network namespace (a pod): who guesses at tokens must not use up its memory. */
    SLOTS = 4
};

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void nap(long milliseconds)
{
    struct timespec time = {.tv_sec = 0, .tv_nsec = milliseconds * 1000000L};
    nanosleep(&time, NULL);
}

static int refuse(pam_handle_t *pamh, int code, const char *reason)
{
    /* PostgreSQL logs errors of a conversation with user and address, and keeps them from the client. */
    pam_error(pamh, "pam_oauth2: %s", reason);
    return code;
}

/*
 * A slot is a name that only one socket can have. It frees itself when the process ends, however it ends, and needs no
 * writable directory. Answers the socket, or -1 when all are taken until the deadline.
 */
static int take_slot(long long deadline)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    do {
        for (int slot = 0; slot < SLOTS; slot++) {
            /* A first byte of zero: a name that is no file. */
            struct sockaddr_un name = {.sun_family = AF_UNIX};
            int length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "pgherd-pam-oauth2-%d", slot);
            socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
            if (bind(fd, (struct sockaddr *)&name, size) == 0) return fd;
            if (errno != EADDRINUSE) deadline = 0;
        }
        nap(20);
    } while (now_ms() < deadline);
    close(fd);
    return -1;
}

/* Starts the checker with the socket as its input and output, no environment, and nothing else that is open here. */
static int start_checker(pid_t *pid, int socket, int argc, const char **argv)
{
    static const char *const checker[] = {CHECKER};
    enum { OWN = sizeof(checker) / sizeof(checker[0]) };
    /* posix_spawn takes what it does not change as changeable. */
    char *arguments[OWN + MAX_ARGUMENTS + 1] = {NULL};
    char *environment[] = {NULL};
    for (int i = 0; i < OWN; i++) arguments[i] = (char *)checker[i];
    for (int i = 0; i < argc; i++) arguments[OWN + i] = (char *)argv[i];

    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    if (posix_spawnattr_init(&attributes) != 0) return -1;
    if (posix_spawn_file_actions_init(&files) != 0) {
        posix_spawnattr_destroy(&attributes);
        return -1;
    }
    int failed = posix_spawnattr_setsigdefault(&attributes, &all) || posix_spawnattr_setsigmask(&attributes, &none) ||
                 posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) ||
                 posix_spawn_file_actions_adddup2(&files, socket, 0) ||
                 posix_spawn_file_actions_adddup2(&files, 0, 1) ||
                 posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0) ||
                 posix_spawn_file_actions_addclosefrom_np(&files, 3) ||
                 posix_spawn(pid, arguments[0], &files, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return failed ? -1 : 0;
}

/* True only for a checker that ended by itself, with 0, before the deadline. It is gone afterwards in any case. */
static int ended_well(pid_t pid, long long deadline)
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (now_ms() >= deadline) {
            kill(pid, SIGKILL);
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
            return 0;
        }
        nap(2);
    }
    return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Sends user, a zero byte and token, and the end. All of it fits into an empty socket's buffer. */
static int send_login(int socket, const char *user, const char *token)
{
    char message[MAX_USER + 1 + MAX_TOKEN];
    size_t user_size = strlen(user) + 1, token_size = strlen(token);
    memcpy(message, user, user_size);
    memcpy(message + user_size, token, token_size);
    ssize_t sent = send(socket, message, user_size + token_size, MSG_NOSIGNAL | MSG_DONTWAIT);
    explicit_bzero(message, sizeof(message));
    return sent == (ssize_t)(user_size + token_size) && shutdown(socket, SHUT_WR) == 0 ? 0 : -1;
}

/* Runs the checker; `answer` gets its words. Answers -1 when there are none to go by. */
static int ask_checker(const char *user, const char *token, long long deadline, int argc, const char **argv,
                       char answer[MAX_ANSWER])
{
    int pair[2];
    pid_t pid;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -1;
    int started = start_checker(&pid, pair[1], argc, argv) == 0;
    close(pair[1]);
    ssize_t size = -1;
    if (started) {
        int sent = send_login(pair[0], user, token) == 0;
        /* What was not sent in full is not to be checked: the deadline is over. */
        if (ended_well(pid, sent ? deadline : 0) && sent)
            size = recv(pair[0], answer, MAX_ANSWER, MSG_DONTWAIT);
    }
    close(pair[0]);
    /* A full buffer may be the beginning of more. */
    if (size <= 0 || size >= MAX_ANSWER) return -1;
    for (ssize_t i = 0; i < size; i++)
        if (answer[i] < ' ' || answer[i] > '~') answer[i] = '?';
    answer[size] = '\0';
    return 0;
}

PAM_EXTERN int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    const long long deadline = now_ms() + DEADLINE_MS;
    const char *user = NULL, *token = NULL;
    if (argc < 2 || argc > MAX_ARGUMENTS)
        return refuse(pamh, PAM_AUTHINFO_UNAVAIL, "its arguments in the PAM configuration are wrong");
    if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || user == NULL || *user == '\0') return PAM_AUTH_ERR;
    /* Clients like psql first try without a password: nothing to tell. */
    if (pam_get_authtok(pamh, PAM_AUTHTOK, &token, NULL) != PAM_SUCCESS || token == NULL || *token == '\0')
        return PAM_AUTH_ERR;
    if (strlen(user) > MAX_USER || strlen(token) > MAX_TOKEN)
        return refuse(pamh, PAM_AUTH_ERR, "user name or token is too long");

    int slot = take_slot(deadline);
    if (slot < 0) return refuse(pamh, PAM_AUTHINFO_UNAVAIL, "too many logins at once");
    /* Where children are ignored or waited for elsewhere, there would be no exit status to go by. */
    struct sigaction usual = {.sa_handler = SIG_DFL}, before;
    char answer[MAX_ANSWER];
    int asked = sigaction(SIGCHLD, &usual, &before);
    if (asked == 0) {
        asked = ask_checker(user, token, deadline, argc, argv, answer);
        sigaction(SIGCHLD, &before, NULL);
    }
    close(slot);
    if (asked != 0) return refuse(pamh, PAM_AUTHINFO_UNAVAIL, "the checker did not answer");
    return strcmp(answer, "ok") == 0 ? PAM_SUCCESS : refuse(pamh, PAM_AUTH_ERR, answer);
}

/* A token says nothing more than who its bearer is. */
PAM_EXTERN int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}

PAM_EXTERN int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
