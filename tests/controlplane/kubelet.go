package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

const (
	writers     = 8 // more only lengthen the server's queues
	connections = 4
)

// mood is what the kubelet does with every pod; the control port changes it.
type mood struct {
	Schedule   bool    `json:"schedule"`       // false: pods stay Pending, Unschedulable
	Start      bool    `json:"start"`          // false: bound pods stay in ContainerCreating
	StartDelay int     `json:"start_delay_ms"` // from bound to Running
	StartRate  float64 `json:"starts_per_s"`   // of the pods that are there now; 0: all at once
}

// kubelet drives every pod through the writes that a scheduler and a kubelet make: bound, ContainerCreating, Running with its address,
// and after a delete: terminated, removed. Each write is answered by a watch event, which asks for the next one.
type kubelet struct {
	clients []kubernetes.Interface
	pods    cache.SharedIndexInformer
	queue   workqueue.TypedDelayingInterface[types.NamespacedName]
	nodes   []node
	byName  map[string]node
	events  *eventLog
	turn    atomic.Uint64 // round robin over nodes
	address atomic.Uint32

	mutex sync.Mutex
	mood  mood
}

func startKubelet(ctx context.Context, admin *rest.Config, nodes int, eventsPath string) (*kubelet, error) {
	events, err := newEventLog(eventsPath)
	if err != nil {
		return nil, err
	}
	k := &kubelet{events: events, byName: map[string]node{}, mood: mood{Schedule: true, Start: true},
		queue: workqueue.NewTypedDelayingQueue[types.NamespacedName]()}
	for range connections + 1 {
		client, err := kubeletClient(admin)
		if err != nil {
			return nil, err
		}
		k.clients = append(k.clients, client)
	}
	for i := range nodes {
		n := node{name: fmt.Sprintf("sim-%03d", i), ip: fmt.Sprintf("172.30.%d.%d", i/250, i%250+1)}
		if err := n.register(ctx, k.clients[0]); err != nil {
			return nil, err
		}
		k.nodes, k.byName[n.name] = append(k.nodes, n), n
	}
	watcher := k.clients[connections]
	k.clients = k.clients[:connections]
	k.pods = cache.NewSharedIndexInformer(
		cache.NewListWatchFromClient(watcher.CoreV1().RESTClient(), "pods", metav1.NamespaceAll, fields.Everything()), &corev1.Pod{}, 0, cache.Indexers{})
	if _, err := k.pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { k.saw("ADDED", o) },
		UpdateFunc: func(_, o any) { k.saw("MODIFIED", o) },
		DeleteFunc: func(o any) { k.saw("DELETED", o) },
	}); err != nil {
		return nil, err
	}
	go k.pods.Run(context.Background().Done())
	if !cache.WaitForCacheSync(ctx.Done(), k.pods.HasSynced) {
		return nil, ctx.Err()
	}
	for i := range writers {
		go k.work(k.clients[i%connections])
	}
	return k, nil
}

func kubeletClient(admin *rest.Config) (kubernetes.Interface, error) {
	config := rest.CopyConfig(admin)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = config.ContentType + ",application/json"
	config.UserAgent = "kubelet-sim"
	// A dialer of its own keeps client-go from sharing one HTTP/2 connection between all clients.
	config.Dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	return kubernetes.NewForConfig(config)
}

func (k *kubelet) saw(what string, object any) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return // a tombstone of a watch that was lost
	}
	k.events.note(what, pod)
	if what != "DELETED" {
		k.queue.Add(types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name})
	}
}

func (k *kubelet) work(client kubernetes.Interface) {
	for {
		key, _ := k.queue.Get()
		if object, there, _ := k.pods.GetStore().GetByKey(key.String()); there {
			k.answer(key, k.step(client, object.(*corev1.Pod)))
		}
		k.queue.Done(key)
	}
}

// answer: a conflict means that a newer version is on its way here, and a pod that is gone needs nothing.
func (k *kubelet) answer(key types.NamespacedName, err error) {
	if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		fmt.Fprintf(os.Stderr, "kubelet: %s: %v\n", key, err)
		k.queue.AddAfter(key, 200*time.Millisecond)
	}
}

// step does the one thing that is due for a pod, if any.
func (k *kubelet) step(client kubernetes.Interface, pod *corev1.Pod) error {
	node, bound := k.byName[pod.Spec.NodeName]
	now := k.currentMood()
	switch {
	case pod.DeletionTimestamp != nil:
		return k.end(client, pod)
	case pod.Spec.NodeName == "" && !now.Schedule:
		if condition(pod, corev1.PodScheduled) != nil {
			return nil
		}
		return k.write(client, pod, func(p *corev1.Pod) { unschedulable(p, len(k.nodes)) })
	case pod.Spec.NodeName == "":
		target := k.nodes[k.turn.Add(1)%uint64(len(k.nodes))].name
		return client.CoreV1().Pods(pod.Namespace).Bind(context.Background(), &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, UID: pod.UID}, Target: corev1.ObjectReference{Kind: "Node", Name: target}}, metav1.CreateOptions{})
	case !bound || pod.Status.Phase != corev1.PodPending:
		return nil
	case len(pod.Status.ContainerStatuses) == 0:
		return k.write(client, pod, func(p *corev1.Pod) { creating(p, node) })
	case !now.Start:
		return nil
	}
	if wait := startsIn(pod, now); wait > 0 {
		k.queue.AddAfter(types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, wait)
		return nil
	}
	return k.write(client, pod, func(p *corev1.Pod) { running(p, node, k.address.Add(1)) })
}

func (k *kubelet) end(client kubernetes.Interface, pod *corev1.Pod) error {
	if pod.Status.Phase == corev1.PodRunning {
		return k.write(client, pod, func(p *corev1.Pod) { terminated(p, 143, "Error") })
	}
	zero := int64(0)
	return client.CoreV1().Pods(pod.Namespace).Delete(context.Background(), pod.Name,
		metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &pod.UID}})
}

func (k *kubelet) write(client kubernetes.Interface, pod *corev1.Pod, change func(*corev1.Pod)) error {
	changed := pod.DeepCopy()
	change(changed)
	_, err := client.CoreV1().Pods(pod.Namespace).UpdateStatus(context.Background(), changed, metav1.UpdateOptions{})
	return err
}

func (k *kubelet) currentMood() mood {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.mood
}

// setMood looks at every pod again, because what held it may hold it no more; at the mood's pace.
func (k *kubelet) setMood(to mood) {
	k.mutex.Lock()
	k.mood = to
	k.mutex.Unlock()
	pods, begin := k.all(), time.Now()
	go func() {
		for i, pod := range pods {
			if to.StartRate > 0 {
				time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / to.StartRate * float64(time.Second)))))
			}
			k.queue.Add(types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name})
		}
	}()
}

// startsIn: a pod's StartTime has whole seconds, hence the difference of up to one.
func startsIn(pod *corev1.Pod, now mood) time.Duration {
	if now.StartDelay == 0 || pod.Status.StartTime == nil {
		return 0
	}
	return time.Until(pod.Status.StartTime.Add(time.Duration(now.StartDelay) * time.Millisecond))
}

func (k *kubelet) all() []*corev1.Pod {
	var pods []*corev1.Pod
	for _, object := range k.pods.GetStore().List() {
		pods = append(pods, object.(*corev1.Pod))
	}
	return pods
}
