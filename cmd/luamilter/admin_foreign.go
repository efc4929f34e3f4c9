package main

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// noWebPage refuses requests that a web page makes, in the browser of somebody on this machine: one from elsewhere that
// takes a listener's place or starts a profile, and one whose host name has been made to stand for this machine, which could
// read who sends mail to whom (DNS rebinding).
func noWebPage(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		if site == "cross-site" || site == "same-site" || !knownHost(r) {
			writeJSON(w, http.StatusForbidden, errorAnswer{"not for web pages; ask by address, or as localhost"})
			return
		}
		handle(w, r)
	}
}

// knownHost says whether a request that came over a loopback address names this machine in a way that no stranger's DNS
// can. Over a unix socket no browser asks, and an address of the network has names that are not known here.
func knownHost(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	if host == "localhost" || host == adminHost {
		return true
	}
	_, err = netip.ParseAddr(host)
	return err == nil
}
