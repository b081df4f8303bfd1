package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

// loadResult is printed as one line of JSON. Times are seconds since the first POST was begun.
type loadResult struct {
	Pods     int     `json:"pods"`
	LastPost float64 `json:"last_post_s"` // begun
	Answered float64 `json:"answered_s"`
	Running  float64 `json:"running_s"` // the last one, as a watch shows it
	CPU      float64 `json:"cpu_s"`
}

// loader is the floor: as many POSTs of ready bodies as the options allow, and a watch that only looks for Running.
type loader struct {
	client    *http.Client
	url       string
	token     string
	body      []string // around the places of the id
	clock     time.Time
	lastBegun atomic.Int64
}

func load(arguments []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "whom to ask, and as whom")
	manifest := flags.String("pod", "", "file: a pod as JSON, with @ID@ where the number goes")
	selector := flags.String("selector", "", "labels of these pods")
	pods := flags.Int("count", 1000, "pods")
	atATime := flags.Int("in-flight", 256, "requests at a time")
	patience := flags.Duration("patience", 3*time.Minute, "until all run")
	flags.Parse(arguments)
	text, err := os.ReadFile(*manifest)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(config.CAFile)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	l := &loader{url: config.Host + "/api/v1/namespaces/" + namespace + "/pods", token: config.BearerToken, body: strings.Split(string(text), "@ID@"),
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	ready, all := make(chan error, 1), make(chan time.Time, 1)
	go l.watch(ctx, *selector, *pods, ready, all)
	if err := <-ready; err != nil {
		return err
	}
	l.clock = time.Now()
	if err := l.create(*pods, *atATime); err != nil {
		return err
	}
	result := loadResult{Pods: *pods, LastPost: time.Duration(l.lastBegun.Load()).Seconds(), Answered: time.Since(l.clock).Seconds()}
	select {
	case at := <-all:
		result.Running = at.Sub(l.clock).Seconds()
	case <-ctx.Done():
		return fmt.Errorf("not all of %d pods run after %s", *pods, *patience)
	}
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	result.CPU = float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
	return json.NewEncoder(os.Stdout).Encode(result)
}

func (l *loader) ask(ctx context.Context, method, url string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+l.token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "load")
	return l.client.Do(request)
}

func (l *loader) create(pods, atATime int) error {
	var workers sync.WaitGroup
	var next atomic.Int64
	failed := make(chan error, atATime)
	for range atATime {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for id := next.Add(1); id <= int64(pods); id = next.Add(1) {
				l.lastBegun.Store(int64(time.Since(l.clock)))
				answer, err := l.ask(context.Background(), http.MethodPost, l.url, strings.NewReader(strings.Join(l.body, strconv.FormatInt(id, 10))))
				if err == nil {
					io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
					if answer.StatusCode != http.StatusCreated {
						err = fmt.Errorf("POST of pod %d: %s", id, answer.Status)
					}
				}
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	workers.Wait()
	close(failed)
	return <-failed
}

// watch goes on from the last version when the server, which is busy, ends it.
func (l *loader) watch(ctx context.Context, selector string, pods int, ready chan<- error, all chan<- time.Time) {
	version, first := "0", true
	seen := map[string]bool{}
	left := pods
	for ctx.Err() == nil {
		answer, err := l.ask(ctx, http.MethodGet, l.url+"?watch=true&allowWatchBookmarks=true&labelSelector="+selector+"&resourceVersion="+version, nil)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("watch: %s", answer.Status)
		}
		if first {
			ready <- err
			first = false
		}
		if err != nil {
			return
		}
		lines := bufio.NewReaderSize(answer.Body, 64<<10)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				break
			}
			var event struct {
				Object struct {
					Metadata struct{ Name, ResourceVersion string }
					Status   struct{ Phase string }
				}
			}
			if json.Unmarshal(line, &event) != nil {
				break
			}
			version = event.Object.Metadata.ResourceVersion
			if event.Object.Status.Phase != "Running" {
				continue
			}
			if name := event.Object.Metadata.Name; !seen[name] {
				seen[name] = true
				if left--; left == 0 {
					all <- time.Now()
				}
			}
		}
		answer.Body.Close()
	}
}
