#!/bin/sh
# Install or upgrade the site on Debian 12 or newer, as root, from a checkout at /opt/petition:
#
#     sh deploy/install.sh DOMAIN [caddy|nginx]
#
# It can be run again: it keeps the settings and the data. Read it before; it has ten steps.
set -eu
domain=${1:?name the domain of the site, such as petition.example.org}
proxy=${2:-caddy}
cd /opt/petition
umask 022

echo "1. Packages of Debian"
packages="make python3-venv $proxy"
if [ "$proxy" = nginx ]; then packages="$packages certbot"; fi
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet $packages

echo "2. The user of the site"
adduser --quiet --system --group --no-create-home --home /var/lib/petition petition

echo "3. Its folder, which nobody else can read"
install --directory --mode 0700 --owner petition --group petition /var/lib/petition

echo "4. The code's packages, by the hashes in requirements.lock"
make install

echo "5. The settings, which only root can read"
install --directory --mode 0700 /etc/petition
if [ ! -e /etc/petition/petition.env ]; then
	key=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
	(umask 077 && sed "s/petition\.example\.org/$domain/; s/^PETITION_SECRET_KEY=.*/&$key/" \
		deploy/petition.env.example > /etc/petition/petition.env)
fi

echo "6. The command 'petition'"
install --mode 0755 deploy/petition-command /usr/local/bin/petition

echo "7. The service"
for unit in petition.service petition-bounces.service petition-bounces.timer; do
	install --mode 0644 "deploy/$unit" "/etc/systemd/system/$unit"
done
install --directory --mode 0755 /etc/systemd/journald.conf.d
install --mode 0644 deploy/journald.conf /etc/systemd/journald.conf.d/petition.conf

echo "8. The proxy, $proxy"
case $proxy in
caddy)
	sed "s/petition\.example\.org/$domain/g" deploy/Caddyfile > /etc/caddy/Caddyfile
	;;
nginx)
	certbot certonly --webroot --webroot-path /var/www/html --domain "$domain" \
		--deploy-hook 'systemctl reload nginx'
	sed "s/petition\.example\.org/$domain/g" deploy/nginx.conf > /etc/nginx/sites-available/petition
	ln --symbolic --force /etc/nginx/sites-available/petition /etc/nginx/sites-enabled/petition
	;;
esac

echo "9. Start"
systemctl daemon-reload
systemctl try-restart systemd-journald
systemctl enable --quiet --now petition-bounces.timer
systemctl enable --quiet petition "$proxy"
systemctl restart petition
systemctl reload-or-restart "$proxy"

echo "10. What is still to do"
petition doctor || echo "Write what is missing into /etc/petition/petition.env, then: systemctl restart petition"
