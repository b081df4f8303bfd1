package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// The statuses that a kubelet or a scheduler would write, as complete as theirs: their size is what a client has to read.

type node struct{ name, ip string }

func (n node) register(ctx context.Context, client kubernetes.Interface) error {
	room := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("512"), corev1.ResourceMemory: resource.MustParse("4Ti"),
		corev1.ResourcePods: resource.MustParse("5000")}
	_, err := client.CoreV1().Nodes().Create(ctx, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.name, Labels: map[string]string{corev1.LabelHostname: n.name}},
		Status: corev1.NodeStatus{Capacity: room, Allocatable: room,
			Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: n.ip}},
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady"}}},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func set(pod *corev1.Pod, status corev1.ConditionStatus, reason, message string, kinds ...corev1.PodConditionType) {
	for _, kind := range kinds {
		c := condition(pod, kind)
		if c == nil {
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind})
			c = &pod.Status.Conditions[len(pod.Status.Conditions)-1]
		}
		if c.Status != status {
			c.LastTransitionTime = metav1.Now()
		}
		c.Status, c.Reason, c.Message = status, reason, message
	}
}

func unschedulable(pod *corev1.Pod, nodes int) {
	set(pod, corev1.ConditionFalse, corev1.PodReasonUnschedulable, fmt.Sprintf("0/%d nodes are available: %d Insufficient cpu.", nodes, nodes), corev1.PodScheduled)
}

func creating(pod *corev1.Pod, n node) {
	now, no := metav1.Now(), false
	pod.Status.StartTime, pod.Status.HostIP, pod.Status.HostIPs = &now, n.ip, []corev1.HostIP{{IP: n.ip}}
	set(pod, corev1.ConditionFalse, "", "", corev1.PodReadyToStartContainers)
	set(pod, corev1.ConditionTrue, "", "", corev1.PodInitialized)
	names := ""
	for _, c := range pod.Spec.Containers {
		names += " " + c.Name
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, Image: c.Image, Started: &no,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}})
	}
	set(pod, corev1.ConditionFalse, "ContainersNotReady", "containers with unready status: ["+names[1:]+"]", corev1.PodReady, corev1.ContainersReady)
}

func running(pod *corev1.Pod, n node, address uint32) {
	now, yes := metav1.Now(), true
	ip := fmt.Sprintf("10.%d.%d.%d", 64+(address>>16)%128, address>>8&255, address&255)
	pod.Status.Phase, pod.Status.PodIP, pod.Status.PodIPs = corev1.PodRunning, ip, []corev1.PodIP{{IP: ip}}
	set(pod, corev1.ConditionTrue, "", "", corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady)
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		c.Ready, c.Started = true, &yes
		c.ImageID, c.ContainerID = "sim://"+c.Image, "sim://"+string(pod.UID)+"/"+c.Name
		c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
	}
}

func terminated(pod *corev1.Pod, code int32, reason string) {
	no := false
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		over := &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: metav1.Now(), ContainerID: c.ContainerID}
		if c.State.Running != nil {
			over.StartedAt = c.State.Running.StartedAt
		}
		c.Ready, c.Started, c.State = false, &no, corev1.ContainerState{Terminated: over}
	}
	pod.Status.Phase = corev1.PodFailed
	set(pod, corev1.ConditionFalse, "PodFailed", "", corev1.PodReady, corev1.ContainersReady)
	set(pod, corev1.ConditionFalse, "", "", corev1.PodReadyToStartContainers)
}

// evicted by the node, which ran out of memory.
func evicted(pod *corev1.Pod) {
	terminated(pod, 137, "Error")
	pod.Status.Reason, pod.Status.Message = "Evicted", "The node was low on resource: memory. "
	set(pod, corev1.ConditionTrue, "TerminationByKubelet", pod.Status.Message, corev1.DisruptionTarget)
}
