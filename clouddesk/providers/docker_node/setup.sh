#!/bin/sh
# setup.sh LOGIN: makes a machine out of a bare Debian, Ubuntu or Rocky Linux: init, SSH, Python, cloud-init, and a
# person who may become root.
set -eu
login=$1

if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # Images for containers forbid packages to start their services.
    rm -f /usr/sbin/policy-rc.d
    # As the public images have it: dpkg does not wait for the disk after each file.
    echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/clouddesk
    apt-get update -q
    # From acl on: what the configuration of any software begins with, so that no node has to install it.
    apt-get install -q -y --no-install-recommends \
        ca-certificates cloud-init dbus iproute2 openssh-server procps python3 python3-apt sudo systemd systemd-sysv \
        acl python3-venv
    # The lists of packages stay: nodes that are made within the hour need no others.
    rm -f /var/cache/apt/archives/*.deb
else
    dnf install -q -y ca-certificates cloud-init hostname iproute openssh-server procps-ng python3 sudo systemd \
        acl python3.11
    dnf clean all
fi

id "$login" >/dev/null 2>&1 || useradd --create-home --uid 1000 --shell /bin/bash "$login"
usermod --password '*' "$login" # no password, and not locked: keys are let in
echo "$login ALL=(ALL) NOPASSWD:ALL" >/etc/sudoers.d/90-clouddesk
chmod 0440 /etc/sudoers.d/90-clouddesk
install -d -m 0700 -o "$login" -g "$login" "/home/$login/.ssh"

# Each machine makes its own.
rm -f /etc/ssh/ssh_host_*
: >/etc/machine-id

# What only real hardware needs, and what would meddle with the machine around it.
systemctl set-default multi-user.target
systemctl mask console-getty.service getty.target systemd-logind.service systemd-udevd.service \
    systemd-udev-trigger.service systemd-modules-load.service systemd-sysctl.service sys-fs-fuse-connections.mount \
    dev-hugepages.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer
# cloud-init has something to do only where the machine was made with user data.
for unit in cloud-init-local cloud-init cloud-init-main cloud-init-network cloud-config cloud-final; do
    mkdir -p "/etc/systemd/system/$unit.service.d"
    printf '[Unit]\nConditionPathExists=/var/lib/cloud/seed/nocloud/user-data\n' \
        >"/etc/systemd/system/$unit.service.d/only-with-user-data.conf"
done
if [ -e /lib/systemd/system/ssh.service ]; then
    systemctl disable ssh.socket
    systemctl enable ssh.service
else
    systemctl enable sshd.service
fi
