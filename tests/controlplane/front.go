package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// faults is what the front does to requests before the API server sees them; the control port changes it.
type faults struct {
	CreateDelay int       `json:"create_delay_ms"` // of every POST of a pod
	Refuse      []refusal `json:"refuse"`          // of POSTs of pods
	Seed        int64     `json:"seed"`
}

type refusal struct {
	Status     int     `json:"status"`
	Share      float64 `json:"share"`
	RetryAfter int     `json:"retry_after_s"`
}

// front stands before the API server, with its certificate: delays, refuses, harms watches, counts bytes. HTTP/2 is offered, as there.
type front struct {
	proxy   *httputil.ReverseProxy
	watches watches
	traffic traffic

	mutex   sync.Mutex
	faults  faults
	dice    *rand.Rand
	pending map[[sha256.Size]byte]time.Time // bodies refused with Retry-After: when they may come again
}

func startFront(server string, f *files) (*front, string, error) {
	target, err := url.Parse(server)
	if err != nil {
		return nil, "", err
	}
	authority, err := os.ReadFile(f.path("apiserver.crt"))
	if err != nil {
		return nil, "", err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64, DisableCompression: true}
	it := &front{dice: rand.New(rand.NewSource(1)), pending: map[[sha256.Size]byte]time.Time{}}
	it.proxy = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(os.Stderr, "front: ", 0),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	go http.ServeTLS(listener, it, f.path("apiserver.crt"), f.path("apiserver.key"))
	return it, "https://" + listener.Addr().String(), nil
}

func (f *front) setFaults(to faults) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.faults, f.dice = to, rand.New(rand.NewSource(to.Seed))
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	verb := verbOf(r)
	counted := &countingWriter{ResponseWriter: w, count: f.traffic.begin(r, verb)}
	r.Body = &countingBody{r.Body, counted.count}
	switch verb {
	case "create pods":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		delay, refused, early := f.fate(sha256.Sum256(body))
		if early {
			counted.count.early.Add(1)
		}
		time.Sleep(delay)
		if refused != nil {
			counted.count.refused.Add(1)
			refused.answer(counted)
			return
		}
	case "watch pods":
		ctx, end, expired := f.watches.enter(r.Context(), counted)
		defer end()
		if expired {
			status(counted, http.StatusGone, "Expired", "the front: too old resource version")
			return
		}
		r = r.WithContext(ctx)
	}
	f.proxy.ServeHTTP(counted, r)
}

// fate of one create; `early`: it comes again before it was told to.
func (f *front) fate(body [sha256.Size]byte) (delay time.Duration, refused *refusal, early bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	early = time.Now().Before(f.pending[body])
	delete(f.pending, body)
	throw := f.dice.Float64()
	for i := range f.faults.Refuse {
		if throw -= f.faults.Refuse[i].Share; throw < 0 {
			refused = &f.faults.Refuse[i]
			f.pending[body] = time.Now().Add(time.Duration(refused.RetryAfter) * time.Second)
			break
		}
	}
	return time.Duration(f.faults.CreateDelay) * time.Millisecond, refused, early
}

func (refused *refusal) answer(w http.ResponseWriter) {
	if refused.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(refused.RetryAfter))
	}
	reason := map[int]string{http.StatusTooManyRequests: "TooManyRequests", http.StatusInternalServerError: "InternalError"}[refused.Status]
	status(w, refused.Status, reason, "the front refuses this one")
}

func status(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
}

// verbOf: "create pods", "list pods", "watch pods", "delete pods", "deletecollection pods", "get configmaps" ...
func verbOf(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 5 || parts[0] != "api" || parts[2] != "namespaces" {
		return strings.ToLower(r.Method) + " other"
	}
	resource, named := parts[4], len(parts) > 5
	verb := map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch"}[r.Method]
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Get("watch") != "" && r.URL.Query().Get("watch") != "false":
		verb = "watch"
	case r.Method == http.MethodGet && named:
		verb = "get"
	case r.Method == http.MethodGet:
		verb = "list"
	case r.Method == http.MethodDelete && named:
		verb = "delete"
	case r.Method == http.MethodDelete:
		verb = "deletecollection"
	}
	return verb + " " + resource
}
