package main

import (
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// eventLog holds what a bare watch saw and when: lines of Unix microseconds, what, name. It is the reference for whoever claims to see
// pods early, and counts created, Running and gone without asking the server.
type eventLog struct{ file *os.File }

func newEventLog(path string) (*eventLog, error) {
	file, err := os.Create(path)
	return &eventLog{file}, err
}

// note is called by one goroutine, the informer's.
func (l *eventLog) note(what string, pod *corev1.Pod) {
	if what == "MODIFIED" {
		switch {
		case pod.DeletionTimestamp != nil:
			what = "DELETING"
		case pod.Status.Phase == corev1.PodPending:
			return
		default:
			what = string(pod.Status.Phase)
		}
	}
	fmt.Fprintf(l.file, "%d %s %s\n", time.Now().UnixMicro(), what, pod.Name)
}
