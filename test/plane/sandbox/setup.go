// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package sandbox

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// setUp configures the namespaces, without effects outside.
func setUp(c Config) error {
	if err := unix.Sethostname([]byte(c.Name)); err != nil {
		return fmt.Errorf("cannot set host name: %w", err)
	}

	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot keep mounts to itself: %w", err)
	}

	if err := bringUpLoopback(c.Address); err != nil {
		return err
	}

	// As in container runtimes, programs need no privilege for any port. A machine that rejects the
	// setting only has fewer ports.
	_ = os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0)

	return dropPrivileges()
}

// bringUpLoopback enables the loopback device, with one more address if it is valid.
func bringUpLoopback(address netip.Addr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot open socket: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // It was used for its ioctls only.

	request := func(device string, what uint, set func(*unix.Ifreq) error) error {
		r, err := unix.NewIfreq(device)
		if err == nil {
			err = set(r)
		}

		if err == nil {
			err = unix.IoctlIfreq(fd, what, r)
		}

		if err != nil {
			return fmt.Errorf("cannot set up network device %q: %w", device, err)
		}

		return nil
	}
	inet := func(ip [4]byte) func(*unix.Ifreq) error {
		return func(r *unix.Ifreq) error { return r.SetInet4Addr(ip[:]) }
	}

	err = request("lo", unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error {
		r.SetUint16(unix.IFF_UP)

		return nil
	})
	if err != nil || !address.IsValid() {
		return err
	}

	// The prefix has only this address, not its whole network.
	return errors.Join(request("lo:1", unix.SIOCSIFADDR, inet(address.As4())), request("lo:1", unix.SIOCSIFNETMASK, inet([4]byte{255, 255, 255, 255})))
}

// dropPrivileges drops the privileges of the programs that this thread will start: root in a
// sandbox can change all files and processes in it, but cannot leave it.
func dropPrivileges() error {
	keep := map[uintptr]bool{
		unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_FOWNER: true, unix.CAP_FSETID: true, unix.CAP_KILL: true,
		unix.CAP_SETGID: true, unix.CAP_SETUID: true, unix.CAP_SETPCAP: true, unix.CAP_NET_BIND_SERVICE: true,
	}

	for c := uintptr(0); ; c++ {
		if keep[c] {
			continue
		}

		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); errors.Is(err, unix.EINVAL) {
			break // There are no further capabilities.
		} else if err != nil {
			return fmt.Errorf("cannot drop capability %d: %w", c, err)
		}
	}

	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot forbid new privileges: %w", err)
	}

	return nil
}

// inUserNamespace reports whether this user is the only one in its namespace.
func inUserNamespace() bool {
	m, err := os.ReadFile("/proc/self/uid_map")

	f := strings.Fields(string(m))

	return err != nil || len(f) != 3 || f[2] == "1"
}
