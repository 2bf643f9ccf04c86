/*
 * Logs in through PAM, in a process as unfriendly as a server may be: `pam-login CONFDIR SERVICE USER [QUIRK]...`, token
 * on standard input. Prints what PAM and the module say. Quirks: `ignore-children`, `block-signals`, `close-files`.
 */
#define _GNU_SOURCE
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char token[70000];

static int answer(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
    (void)data;
    *responses = calloc((size_t)count, sizeof(**responses));
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF) (*responses)[i].resp = strdup(token);
        else dprintf(9, "%s\n", messages[i]->msg);
    }
    return PAM_SUCCESS;
}

int main(int argc, char **argv)
{
    const struct pam_conv conversation = {.conv = answer, .appdata_ptr = NULL};
    pam_handle_t *pamh;
    token[fread(token, 1, sizeof(token) - 1, stdin)] = '\0';
    dup2(1, 9);
    for (int i = 4; i < argc; i++) {
        sigset_t all;
        sigfillset(&all);
        if (strcmp(argv[i], "ignore-children") == 0) signal(SIGCHLD, SIG_IGN);
        if (strcmp(argv[i], "block-signals") == 0) sigprocmask(SIG_BLOCK, &all, NULL);
        if (strcmp(argv[i], "close-files") == 0)
            for (int fd = 0; fd < 3; fd++) close(fd);
    }
    int result = pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pamh);
    if (result == PAM_SUCCESS) result = pam_authenticate(pamh, 0);
    if (result == PAM_SUCCESS) result = pam_acct_mgmt(pamh, 0);
    dprintf(9, "%s\n", result == PAM_SUCCESS ? "logged in" : pam_strerror(pamh, result));
    pam_end(pamh, result);
    return result == PAM_SUCCESS ? 0 : 1;
}
