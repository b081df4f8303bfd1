package main

import (
	"context"
	"fmt"
	"sync"
)

// watches that run through the front, to be harmed.
type watches struct {
	mutex   sync.Mutex
	open    map[*countingWriter]context.CancelFunc
	expired int // so many of the next ones are answered with 410
}

// enter registers a watch; `end` takes it off again.
func (w *watches) enter(parent context.Context, writer *countingWriter) (ctx context.Context, end func(), expired bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.expired > 0 {
		w.expired--
		return parent, func() {}, true
	}
	if w.open == nil {
		w.open = map[*countingWriter]context.CancelFunc{}
	}
	ctx, cancel := context.WithCancel(parent)
	w.open[writer] = cancel
	return ctx, func() {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		delete(w.open, writer)
		cancel()
	}, false
}

// each does it to every open watch: `cut` ends its connection, `swallow` keeps the connection and loses what the server sends from now on,
// `expire` cuts and answers as many of the next ones with 410, as after a compaction.
func (w *watches) each(does string) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	switch does {
	case "cut", "expire":
		for writer, cancel := range w.open {
			cancel()
			writer.hangUp()
		}
	case "swallow":
		for writer := range w.open {
			writer.swallow.Store(true)
		}
	default:
		return 0, fmt.Errorf("do '%s': there are cut, swallow, expire", does)
	}
	if does == "expire" {
		w.expired = len(w.open)
	}
	return len(w.open), nil
}
