# SPDX-License-Identifier: Apache-2.0
"""Certificates for the tests, made anew each time by the openssl command, in a folder that is given."""
import datetime
import pathlib
import subprocess


def openssl(*arguments, folder=None, **keywords):
    return subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True,
                          text=True, **keywords).stdout


class Authority:
    """A private CA in a folder; what it issues is NAME.pem and NAME.key there, the key for us alone."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.name = name
        self.pem = self.folder / f"{name}.pem"
        self.key = self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.key, "-out", self.pem, "-days", "30", "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, names, days=30, key_type=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """@names as "DNS:localhost,IP:127.0.0.1"; days < 0: it has expired."""
        pem, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request = openssl("req", "-newkey", *key_type, "-nodes", "-keyout", key, "-subj", f"/CN={name}",
                          *(["-addext", f"subjectAltName={names}"] if names else []))
        openssl("x509", "-req", "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial",
                "-copy_extensions", "copy", "-days", days, "-out", pem, input=request)
        key.chmod(0o600)
        return pem, key

    def revoke(self, *certificates, days=7, since=None, until=None):
        """The list of those that are revoked; @since and @until as "-7d", from now."""
        def moment(text):
            return (datetime.datetime.utcnow() + datetime.timedelta(days=int(text[:-1]))).strftime("%y%m%d%H%M%SZ")
        (self.folder / "index.txt").write_text("")
        (self.folder / "crlnumber").write_text("01\n")
        (self.folder / "ca.conf").write_text(
            "[ca]\ndefault_ca = it\n[it]\ndatabase = index.txt\ncrlnumber = crlnumber\ndefault_md = sha256\n")
        own = ("-config", "ca.conf", "-cert", self.pem, "-keyfile", self.key)
        for certificate in certificates:
            openssl("ca", *own, "-revoke", certificate, folder=self.folder)
        when = ("-crl_lastupdate", moment(since), "-crl_nextupdate", moment(until)) if since else ("-crldays", days)
        openssl("ca", *own, "-gencrl", *when, "-out", f"{self.name}.crl", folder=self.folder)
        return self.folder / f"{self.name}.crl"
