"""Porter : un courriel par le serveur SMTP de l'établissement, un SMS par le service d'une brique."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from enum import StrEnum
from typing import Protocol

from ent_core.messages import textes
from ent_core.messages.canaux import Canal
from ent_core.messages.poste import Poste

__all__ = ["Issue", "PanneDuCanal", "Porteur", "ecrire", "numero_international", "porteur"]

_journal = logging.getLogger("ent.messages")
_ACCEPTE = (250, 251)
_REFUS = 500
"""Un code de 500 à 599 est un refus pour de bon ; en dessous, le serveur demande de réessayer."""

_OUTRE_MER = {
    "0690": "+590", "0691": "+590", "0692": "+262", "0693": "+262", "0639": "+262", "0694": "+594",
    "0696": "+596", "0697": "+596",
}  # fmt: skip


class Issue(StrEnum):
    """Ce qu'il advient d'un envoi ; ce qui n'est pas parti dit pourquoi, sans citer l'adresse."""

    PARTI = "parti"
    ADRESSE_REFUSEE = "adresse_refusee"
    NUMERO_REFUSE = "numero_refuse"
    INDISPONIBLE = "service_indisponible"


class PanneDuCanal(Exception):
    """Le service ne répond pas : inutile d'essayer les suivants maintenant."""


class Porteur(Protocol):
    """Porte un message, et dit ce qu'il en advient."""

    def __call__(self, adresse: str, nombre: int) -> Issue:
        """Envoie à une adresse qu'il y a des informations à lire.

        :param adresse: adresse de courriel, ou numéro.
        :param nombre: informations à lire.
        :raises PanneDuCanal: le service ne répond pas.
        """
        ...


@contextmanager
def porteur(poste: Poste, canal: Canal, ecole: str) -> Iterator[Porteur]:
    """Ouvre un canal le temps d'une tournée.

    :param poste: poste de l'instance.
    :param canal: courriel ou SMS, ouvert dans l'instance.
    :param ecole: nom de l'établissement.
    :raises PanneDuCanal: le service ne répond pas.
    """
    if canal is Canal.SMS:
        yield _par_sms(poste, ecole)
        return
    with _connexion(poste) as serveur:
        yield _par_courriel(poste, ecole, serveur)


def numero_international(mobile: str) -> str | None:
    """Numéro d'un mobile avec son indicatif ; ``None`` si ce n'en est pas un.

    :param mobile: numéro tel que l'annuaire le donne.
    """
    nu = re.sub(r"[\s.()\-/]", "", mobile)
    if re.fullmatch(r"0[67]\d{8}", nu):
        return _OUTRE_MER.get(nu[:4], "+33") + nu[1:]
    international = re.sub(r"^00", "+", nu)
    return international if re.fullmatch(r"\+[1-9]\d{7,14}", international) else None


def _par_sms(poste: Poste, ecole: str) -> Porteur:
    def porter(adresse: str, nombre: int) -> Issue:
        numero = numero_international(adresse)
        if numero is None or poste.sms is None:
            return Issue.NUMERO_REFUSE
        texte = textes.sms(ecole, poste.produit, poste.courriel.adresse_ent, nombre)
        try:
            return Issue.PARTI if poste.sms.envoyer(numero, texte) else Issue.NUMERO_REFUSE
        except Exception as panne:  # noqa: BLE001 - le service d'une brique peut échouer de mille façons
            _journal.error("sms_en_panne", extra={"exception": type(panne).__name__})
            raise PanneDuCanal from None

    return porter


def _par_courriel(poste: Poste, ecole: str, serveur: smtplib.SMTP) -> Porteur:
    def porter(adresse: str, nombre: int) -> Issue:
        corps = textes.courriel(ecole, poste.produit, poste.courriel.adresse_ent, nombre)
        return _porter(poste, serveur, adresse, textes.OBJET, corps)

    return porter


def ecrire(poste: Poste, adresse: str, objet: str, corps: str) -> Issue:
    """Écrit à une personne, pour son compte ; elle seule l'a demandé, ou doit le savoir.

    :param poste: poste de l'instance, qui a un serveur de courrier.
    :param adresse: adresse prouvée, ou à prouver.
    :param objet: objet du courriel.
    :param corps: texte.
    :raises PanneDuCanal: le service ne répond pas.
    """
    with _connexion(poste) as serveur:
        return _porter(poste, serveur, adresse, objet, corps)


def _porter(poste: Poste, serveur: smtplib.SMTP, adresse: str, objet: str, corps: str) -> Issue:
    try:
        lettre = _lettre(poste, adresse, objet, corps)
    except (ValueError, IndexError):
        return Issue.ADRESSE_REFUSEE
    try:
        code = _remettre(serveur, poste.courriel.expediteur, adresse, lettre)
    except UnicodeError:
        return Issue.ADRESSE_REFUSEE  # une adresse accentuée, que ce serveur ne sait pas porter
    except (smtplib.SMTPException, OSError) as panne:
        _journal.error("courriel_en_panne", extra={"exception": type(panne).__name__})
        raise PanneDuCanal from None
    if code >= _REFUS:
        return Issue.ADRESSE_REFUSEE
    return Issue.PARTI if code in _ACCEPTE else Issue.INDISPONIBLE


def _remettre(serveur: smtplib.SMTP, expediteur: str, adresse: str, lettre: EmailMessage) -> int:
    """Rend la réponse du serveur à cette adresse ; ce qu'il refuse d'autre est une panne."""
    serveur.ehlo_or_helo_if_needed()
    code, _ = serveur.mail(expediteur)
    if code not in _ACCEPTE:
        raise smtplib.SMTPException
    code, _ = serveur.rcpt(adresse)
    if code not in _ACCEPTE:
        serveur.rset()
        return code
    code, _ = serveur.data(lettre.as_bytes(policy=SMTP))
    if code not in _ACCEPTE:
        raise smtplib.SMTPException
    return code


def _lettre(poste: Poste, adresse: str, objet: str, corps: str) -> EmailMessage:
    reglage = poste.courriel
    lettre = EmailMessage()
    lettre["Subject"] = objet
    lettre["From"] = Address(poste.produit, addr_spec=reglage.expediteur)
    lettre["To"] = Address(addr_spec=adresse)
    lettre["Date"] = format_datetime(poste.horloge.maintenant())
    lettre["Message-ID"] = make_msgid(domain=reglage.expediteur.rpartition("@")[2])
    # Un répondeur automatique ne doit pas répondre (RFC 3834).
    lettre["Auto-Submitted"] = "auto-generated"
    lettre.set_content(corps)
    return lettre


@contextmanager
def _connexion(poste: Poste) -> Iterator[smtplib.SMTP]:
    reglage = poste.courriel
    domaine = reglage.expediteur.rpartition("@")[2]
    try:
        serveur = (
            smtplib.SMTP_SSL(
                reglage.hote, reglage.port, domaine, timeout=reglage.attente,
                context=ssl.create_default_context(),
            )
            if reglage.securite == "tls"
            else smtplib.SMTP(reglage.hote, reglage.port, domaine, timeout=reglage.attente)
        )  # fmt: skip
    except (smtplib.SMTPException, OSError) as panne:
        _journal.error("courriel_en_panne", extra={"exception": type(panne).__name__})
        raise PanneDuCanal from None
    try:
        try:
            if reglage.securite == "starttls":
                serveur.starttls(context=ssl.create_default_context())
            if reglage.compte:
                serveur.login(reglage.compte, reglage.mot_de_passe)
        except (smtplib.SMTPException, OSError) as panne:
            _journal.error("courriel_en_panne", extra={"exception": type(panne).__name__})
            raise PanneDuCanal from None
        yield serveur
    finally:
        with suppress(smtplib.SMTPException, OSError):
            serveur.quit()
        serveur.close()
