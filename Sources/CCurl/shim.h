// Swift cannot call C's variadic functions, so each shape of argument that
// libcurl's option calls take has a wrapper here. The calls are put in
// parentheses because curl's type-checking macros do not survive wrapping.
#ifndef SLUICE_CCURL_SHIM_H
#define SLUICE_CCURL_SHIM_H

#include <curl/curl.h>

static inline CURLcode sluice_easy_set_long(CURL *h, CURLoption o, long v) {
    return (curl_easy_setopt)(h, o, v);
}
static inline CURLcode sluice_easy_set_offset(CURL *h, CURLoption o, curl_off_t v) {
    return (curl_easy_setopt)(h, o, v);
}
static inline CURLcode sluice_easy_set_pointer(CURL *h, CURLoption o, const void *v) {
    return (curl_easy_setopt)(h, o, v);
}
static inline CURLcode sluice_easy_set_data_function(
    CURL *h, CURLoption o, size_t (*f)(char *, size_t, size_t, void *)) {
    return (curl_easy_setopt)(h, o, f);
}
static inline CURLcode sluice_easy_set_open_function(
    CURL *h, curl_socket_t (*f)(void *, curlsocktype, struct curl_sockaddr *)) {
    return (curl_easy_setopt)(h, CURLOPT_OPENSOCKETFUNCTION, f);
}
static inline CURLcode sluice_easy_set_close_function(
    CURL *h, int (*f)(void *, curl_socket_t)) {
    return (curl_easy_setopt)(h, CURLOPT_CLOSESOCKETFUNCTION, f);
}
static inline CURLcode sluice_easy_set_prereq_function(
    CURL *h, int (*f)(void *, char *, char *, int, int)) {
    return (curl_easy_setopt)(h, CURLOPT_PREREQFUNCTION, f);
}
static inline CURLcode sluice_easy_set_trailer_function(
    CURL *h, int (*f)(struct curl_slist **, void *)) {
    return (curl_easy_setopt)(h, CURLOPT_TRAILERFUNCTION, f);
}
static inline CURLcode sluice_easy_get_long(CURL *h, CURLINFO i, long *v) {
    return (curl_easy_getinfo)(h, i, v);
}
static inline CURLcode sluice_easy_get_offset(CURL *h, CURLINFO i, curl_off_t *v) {
    return (curl_easy_getinfo)(h, i, v);
}
static inline CURLcode sluice_easy_get_socket(CURL *h, CURLINFO i, curl_socket_t *v) {
    return (curl_easy_getinfo)(h, i, v);
}
static inline CURLcode sluice_easy_get_pointer(CURL *h, CURLINFO i, void **v) {
    return (curl_easy_getinfo)(h, i, v);
}
static inline CURLSHcode sluice_share_set_data(CURLSH *s, CURLSHoption o, curl_lock_data v) {
    return (curl_share_setopt)(s, o, v);
}
static inline CURLMcode sluice_multi_set_long(CURLM *m, CURLMoption o, long v) {
    return (curl_multi_setopt)(m, o, v);
}
static inline CURLMcode sluice_multi_set_pointer(CURLM *m, CURLMoption o, const void *v) {
    return (curl_multi_setopt)(m, o, v);
}
static inline CURLMcode sluice_multi_set_socket_function(
    CURLM *m, int (*f)(CURL *, curl_socket_t, int, void *, void *)) {
    return (curl_multi_setopt)(m, CURLMOPT_SOCKETFUNCTION, f);
}
static inline CURLMcode sluice_multi_set_timer_function(
    CURLM *m, int (*f)(CURLM *, long, void *)) {
    return (curl_multi_setopt)(m, CURLMOPT_TIMERFUNCTION, f);
}

#endif
