package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

const (
	namespace      = "spark"
	adminUser      = "admin"      // system:masters, which priority and fairness does not hold back
	restrictedUser = "restricted" // what a driver's service account may do, in one namespace
)

// files is the directory of one start; keys and tokens are new each time.
type files struct {
	dir    string
	tokens map[string]string // by user
}

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: ["RequestReceived"]
rules:
- level: None
  users: ["admin"] # the simulation and who looks at it
- level: Metadata
  namespaces: ["spark"]
`

const kubeconfigTemplate = `apiVersion: v1
kind: Config
current-context: it
clusters:
- name: it
  cluster:
    server: %s
    certificate-authority: %s
users:
- name: %s
  user:
    token: %s
contexts:
- name: it
  context: {cluster: it, user: %s, namespace: %s}
`

func newFiles(dir string) (*files, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	f := &files{dir: dir, tokens: map[string]string{adminUser: newToken(), restrictedUser: newToken()}}
	if err := os.RemoveAll(f.path("etcd")); err != nil {
		return nil, err
	}
	if err := mkdirs(dir, "etcd"); err != nil {
		return nil, err
	}
	users := fmt.Sprintf("%s,%s,1,system:masters\n%s,%s,2\n", f.tokens[adminUser], adminUser, f.tokens[restrictedUser], restrictedUser)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	accountKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	for name, text := range map[string][]byte{
		"users.csv": []byte(users), "accounts.key": accountKey, "audit-policy.yaml": []byte(auditPolicy),
		"admin.token": []byte(f.tokens[adminUser]), "restricted.token": []byte(f.tokens[restrictedUser]),
	} {
		if err := os.WriteFile(f.path(name), text, 0o600); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name) }

// writeKubeconfigs makes PREFIXUSER.kubeconfig for each address and user.
func (f *files) writeKubeconfigs(servers map[string]string) error {
	for prefix, server := range servers {
		for user, token := range f.tokens {
			text := fmt.Sprintf(kubeconfigTemplate, server, f.path("apiserver.crt"), user, token, user, namespace)
			if err := os.WriteFile(f.path(prefix+user+".kubeconfig"), []byte(text), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

func newToken() string {
	bytes := make([]byte, 24)
	rand.Read(bytes) // never fails
	return hex.EncodeToString(bytes)
}
