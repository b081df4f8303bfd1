package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// count of one kind of request. Bytes are those of the HTTP messages: heads as HTTP/1.1 text, bodies as sent, before TLS and before
// HTTP/2 makes heads smaller; of a WebSocket its frames.
type count struct {
	requests, refused, early, sent, received atomic.Int64
}

// traffic of the front, by program and verb: "fabric8: create pods".
type traffic struct {
	mutex  sync.Mutex
	counts map[string]*count
}

type countView struct {
	Requests int64 `json:"requests"`
	Refused  int64 `json:"refused"`
	Early    int64 `json:"early"`    // repeated before Retry-After was over
	Sent     int64 `json:"sent"`     // bytes from the client
	Received int64 `json:"received"` // bytes to the client
}

func (t *traffic) begin(r *http.Request, verb string) *count {
	program, _, _ := strings.Cut(r.UserAgent(), "/")
	t.mutex.Lock()
	if t.counts == nil {
		t.counts = map[string]*count{}
	}
	name := program + ": " + verb
	c := t.counts[name]
	if c == nil {
		c = &count{}
		t.counts[name] = c
	}
	t.mutex.Unlock()
	c.requests.Add(1)
	c.sent.Add(int64(len(r.Method)+len(r.RequestURI)+len("  HTTP/1.1\r\nHost: \r\n")+len(r.Host)+2) + headSize(r.Header))
	return c
}

func (t *traffic) all() map[string]countView {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	views := map[string]countView{}
	for name, c := range t.counts {
		views[name] = countView{c.requests.Load(), c.refused.Load(), c.early.Load(), c.sent.Load(), c.received.Load()}
	}
	return views
}

func (t *traffic) clear() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.counts = nil
	return true
}

func headSize(head http.Header) int64 {
	size := 0
	for name, values := range head {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	return int64(size)
}

type countingBody struct {
	io.ReadCloser
	count *count
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.count.sent.Add(int64(n))
	return n, err
}

// countingWriter also holds what a harmed watch needs: a way to lose its bytes, and one to end its connection.
type countingWriter struct {
	http.ResponseWriter
	count   *count
	swallow atomic.Bool
	mutex   sync.Mutex
	taken   net.Conn // after an upgrade
}

func (w *countingWriter) WriteHeader(code int) {
	w.count.received.Add(int64(len("HTTP/1.1 200 OK\r\n\r\n")) + headSize(w.Header()))
	w.ResponseWriter.WriteHeader(code)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	if w.swallow.Load() {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(p)
	w.count.received.Add(int64(n))
	return n, err
}

func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *countingWriter) Flush() { http.NewResponseController(w.ResponseWriter).Flush() }

func (w *countingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return conn, buffered, err
	}
	w.mutex.Lock()
	w.taken = conn
	w.mutex.Unlock()
	return &countingConn{conn, w}, buffered, nil
}

func (w *countingWriter) hangUp() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.taken != nil {
		w.taken.Close()
	}
}

type countingConn struct {
	net.Conn
	writer *countingWriter
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.writer.count.sent.Add(int64(n))
	return n, err
}

func (c *countingConn) Write(p []byte) (int, error) {
	if c.writer.swallow.Load() {
		return len(p), nil
	}
	n, err := c.Conn.Write(p)
	c.writer.count.received.Add(int64(n))
	return n, err
}
