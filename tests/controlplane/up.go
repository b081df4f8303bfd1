package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// addresses is what READY tells; kubeconfigs and the audit log are files of the directory.
type addresses struct {
	Server  string `json:"server"`
	Front   string `json:"front"`
	Control string `json:"control"`
}

func up(arguments []string) error {
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	dir := flags.String("dir", "", "keys, kubeconfigs, audit.log, events.log and etcd's data; made if missing")
	nodes := flags.Int("nodes", 20, "simulated nodes")
	patience := flags.Duration("patience", 2*time.Minute, "until the API server is ready")
	flags.Parse(arguments)
	if *dir == "" {
		return fmt.Errorf("--dir is missing")
	}
	files, err := newFiles(*dir)
	if err != nil {
		return err
	}
	etcdURL, err := startEtcd(files.path("etcd"))
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	serverURL := fmt.Sprintf("https://127.0.0.1:%d", port)
	ended := startAPIServer(files, port, etcdURL)

	// The API server takes SIGTERM, too, and would wait for its watches; nothing here is worth the wait.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()

	admin := &rest.Config{Host: serverURL, BearerToken: files.tokens[adminUser], QPS: -1, UserAgent: "controlplane",
		TLSClientConfig: rest.TLSClientConfig{CAFile: files.path("apiserver.crt")}}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	client, err := untilReady(ctx, admin, ended)
	if err != nil {
		return err
	}
	if err := seed(ctx, client); err != nil {
		return fmt.Errorf("the first objects: %w", err)
	}
	kubelet, err := startKubelet(ctx, admin, *nodes, files.path("events.log"))
	if err != nil {
		return fmt.Errorf("simulated kubelet: %w", err)
	}
	front, frontURL, err := startFront(serverURL, files)
	if err != nil {
		return fmt.Errorf("front: %w", err)
	}
	controlURL, err := startControl(kubelet, front)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	if err := files.writeKubeconfigs(map[string]string{"": serverURL, "front-": frontURL}); err != nil {
		return err
	}
	line, err := json.Marshal(addresses{Server: serverURL, Front: frontURL, Control: controlURL})
	if err != nil {
		return err
	}
	fmt.Printf("READY %s\n", line)
	return fmt.Errorf("the API server ended: %v", <-ended)
}

func untilReady(ctx context.Context, config *rest.Config, ended <-chan error) (kubernetes.Interface, error) {
	for {
		// The serving certificate appears some time after the start, and the client reads it when it is made.
		if _, err := os.Stat(config.CAFile); err == nil {
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return nil, err
			}
			status := 0
			client.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status)
			if status == http.StatusOK {
				return client, nil
			}
		}
		select {
		case err := <-ended:
			return nil, fmt.Errorf("the API server ended early: %v", err)
		case <-ctx.Done():
			return nil, fmt.Errorf("the API server did not become ready: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// freePort is somebody else's if they are quick; the API server then says so and ends.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func mkdirs(root string, names ...string) error {
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(root, name), 0o700); err != nil {
			return err
		}
	}
	return nil
}
