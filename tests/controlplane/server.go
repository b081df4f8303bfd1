package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func startEtcd(dir string) (string, error) {
	config := embed.NewConfig()
	config.Dir = dir
	config.UnsafeNoFsync = true // the data is thrown away
	config.LogLevel = "error"
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	config.QuotaBackendBytes = 4 << 30
	var urls []url.URL
	for range 2 {
		port, err := freePort()
		if err != nil {
			return "", err
		}
		urls = append(urls, url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	config.ListenClientUrls, config.AdvertiseClientUrls = urls[:1], urls[:1]
	config.ListenPeerUrls, config.AdvertisePeerUrls = urls[1:], urls[1:]
	config.InitialCluster = config.Name + "=" + urls[1].String()
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return "", err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return urls[0].String(), nil
	case err := <-etcd.Err():
		return "", err
	case <-time.After(time.Minute):
		return "", fmt.Errorf("not ready after a minute")
	}
}

// startAPIServer runs upstream's own command, with its own flags, in this process.
func startAPIServer(f *files, port int, etcdURL string) <-chan error {
	command := apiserver.NewAPIServerCommand()
	command.SetArgs([]string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port), "--advertise-address=127.0.0.1",
		// Loopback cannot be an endpoint of the Service `kubernetes`.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--cert-dir=" + f.dir, // makes apiserver.crt, which holds its CA as well
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-signing-key-file=" + f.path("accounts.key"), "--service-account-key-file=" + f.path("accounts.key"),
		"--token-auth-file=" + f.path("users.csv"),
		"--authorization-mode=RBAC",
		// Their controllers do not run: nobody would make the accounts, nobody would take the taint of a new node away.
		"--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
		"--event-ttl=10m",
		"--audit-policy-file=" + f.path("audit-policy.yaml"), "--audit-log-path=" + f.path("audit.log"), "--audit-log-maxsize=2048",
	})
	ended := make(chan error, 1)
	go func() { ended <- cli.RunNoErrOutput(command) }()
	return ended
}

// seed makes the namespace and what the restricted user may do in it: what a Spark driver's account is given.
func seed(ctx context.Context, client kubernetes.Interface) error {
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
	steps := []func() error{
		func() error {
			_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: named(namespace)}, metav1.CreateOptions{})
			return err
		},
		func() error {
			_, err := client.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: named("default")}, metav1.CreateOptions{})
			return err
		},
		func() error {
			role := &rbacv1.Role{ObjectMeta: named("driver"), Rules: []rbacv1.PolicyRule{{
				APIGroups: []string{""},
				Resources: []string{"pods", "services", "configmaps", "persistentvolumeclaims"},
				Verbs:     []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"},
			}}}
			_, err := client.RbacV1().Roles(namespace).Create(ctx, role, metav1.CreateOptions{})
			return err
		},
		func() error {
			binding := &rbacv1.RoleBinding{ObjectMeta: named("driver"),
				RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "driver"},
				Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: restrictedUser}}}
			_, err := client.RbacV1().RoleBindings(namespace).Create(ctx, binding, metav1.CreateOptions{})
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}
