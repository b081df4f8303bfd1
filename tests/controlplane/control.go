package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sort"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// startControl serves what a bench or a test may ask of the simulation:
//
//	PUT  /kubelet               a mood, whole
//	POST /kubelet/end           ?count=N&cause=evicted|oom|deleted: that many Running pods, lowest names first; their names
//	PUT  /front                 faults, whole
//	POST /front/watches         ?do=cut|swallow|expire: every watch that runs through the front; how many
//	GET, DELETE /front/traffic  requests and bytes since the start or the last DELETE
func startControl(k *kubelet, f *front) (string, error) {
	mux := http.NewServeMux()
	handle := func(pattern string, does func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := does(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			json.NewEncoder(w).Encode(answer)
		})
	}
	handle("PUT /kubelet", func(r *http.Request) (any, error) {
		to := mood{Schedule: true, Start: true}
		err := json.NewDecoder(r.Body).Decode(&to)
		if err == nil {
			k.setMood(to)
		}
		return to, err
	})
	handle("POST /kubelet/end", func(r *http.Request) (any, error) {
		count, err := strconv.Atoi(r.FormValue("count"))
		if err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
		return k.endSome(r.Context(), count, r.FormValue("cause"))
	})
	handle("PUT /front", func(r *http.Request) (any, error) {
		var to faults
		err := json.NewDecoder(r.Body).Decode(&to)
		if err == nil {
			f.setFaults(to)
		}
		return to, err
	})
	handle("POST /front/watches", func(r *http.Request) (any, error) { return f.watches.each(r.FormValue("do")) })
	handle("GET /front/traffic", func(*http.Request) (any, error) { return f.traffic.all(), nil })
	handle("DELETE /front/traffic", func(*http.Request) (any, error) { return f.traffic.clear(), nil })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go http.Serve(listener, mux)
	return "http://" + listener.Addr().String(), nil
}

func (k *kubelet) endSome(ctx context.Context, count int, cause string) ([]string, error) {
	var chosen []*corev1.Pod
	for _, pod := range k.all() {
		if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil {
			chosen = append(chosen, pod)
		}
	}
	sort.Slice(chosen, func(i, j int) bool { return chosen[i].Name < chosen[j].Name })
	names := []string{}
	for _, pod := range chosen[:min(count, len(chosen))] {
		var err error
		switch cause {
		case "evicted":
			err = k.write(k.clients[0], pod, evicted)
		case "oom":
			err = k.write(k.clients[0], pod, func(p *corev1.Pod) { terminated(p, 137, "OOMKilled") })
		case "deleted":
			err = k.clients[0].CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{})
		default:
			err = fmt.Errorf("cause '%s': there are evicted, oom, deleted", cause)
		}
		if err != nil {
			return names, err
		}
		names = append(names, pod.Name)
	}
	return names, nil
}
