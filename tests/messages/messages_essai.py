"""De quoi essayer les messages : une brique qui prévient, un serveur SMTP, des SMS, des familles."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte, Permission, Portee
from ent_core.contrat.messages import CanalSms, SujetDeMessage
from ent_core.contrat.roles import Profil, Role
from ent_core.essais.annuaire import ECOLE, RENTREE
from ent_core.essais.instance import InstanceEssai, faux_brique
from ent_core.identite.modeles import Compte, Personne, Rattachement, Responsabilite
from ent_core.messages.demande import messages_en_attente, prevenir, prevenir_familles
from ent_core.messages.modeles import Message
from ent_core.messages.poste import Poste
from ent_core.socle.configuration import Courriel
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import BlueprintBrique, exige

__all__ = [
    "APPEL",
    "LIEN",
    "NOTE",
    "SERVICE",
    "Familles",
    "Operateur",
    "Serveur",
    "avancer",
    "contexte_de",
    "donner_des_coordonnees",
    "ecrits",
    "familles",
    "ouvrir_un_compte",
    "poste_avec",
    "prevenante",
    "prevenir_les_parents",
    "serveur_smtp",
]  # fmt: skip

NOTE, APPEL, SERVICE = "prevenante.note", "prevenante.appel", "prevenante.service"
LIEN = "/prevenante/absences/secret-42"


def _routes() -> tuple[Blueprint, ...]:
    """La page d'un enseignant, d'où la brique prévient."""
    pages = BlueprintBrique("prevenante", "ent_prevenante")

    @pages.post("/<uuid:eleve>")
    @exige("prevenante.prevenir")
    def prevenir_de(eleve: UUID) -> str:
        session, contexte = session_courante(), contexte_courant()
        nombre = prevenir_familles(session, contexte, sujet=NOTE, liens={eleve: LIEN})
        nombre += prevenir(
            session, contexte, sujet=NOTE, personnes=[contexte.personne_id], lien=LIEN, a_propos=eleve
        )
        return f"{nombre} sur {messages_en_attente(session, contexte).total}"

    return (pages,)


prevenante = faux_brique(
    "prevenante",
    ent_routes=_routes,
    ent_permissions=lambda: (
        Permission("prevenante.prevenir", "Prévenir", {Role.ENSEIGNANT: Portee.MES_CLASSES}),
    ),
    ent_sujets_de_message=lambda: (
        SujetDeMessage(NOTE, "Une absence à expliquer"),
        SujetDeMessage(APPEL, "Votre enfant n'est pas arrivé", urgent=True),
        SujetDeMessage(SERVICE, "Un cours à remplacer", pour=(Role.ENSEIGNANT, Role.CPE)),
    ),
)


@dataclass(slots=True)
class Serveur:
    """Un serveur SMTP de la machine : il garde ce qu'il accepte.

    :param refuses: adresse → réponse SMTP donnée au lieu de l'accepter.
    :param coupe: au-delà de ce nombre de lettres, il raccroche.
    """

    port: int = 0
    recus: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    coupe: int = 1000
    connexions: int = 0


@dataclass(slots=True)
class Operateur:
    """Un service de SMS ; il refuse les numéros donnés, et peut tomber en panne."""

    partis: list[tuple[str, str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    en_panne: bool = False

    def envoyer(self, numero: str, texte: str) -> bool:
        """Porte un SMS."""
        if self.en_panne:
            raise ConnectionError("le service ne répond pas")
        if numero in self.refuses:
            return False
        self.partis.append((numero, texte))
        return True


@contextmanager
def serveur_smtp() -> Iterator[Serveur]:
    """Un vrai serveur SMTP, sur un port libre de cette machine."""
    serveur = Serveur()

    class Dialogue(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            serveur.connexions += 1
            dire: Callable[[str], Any] = lambda mot: self.wfile.write(f"{mot}\r\n".encode())  # noqa: E731 - plus court ici
            dire("220 essai")
            while ligne := self.rfile.readline().decode().strip():
                verbe, reste = ligne[:4].upper(), ligne[4:]
                if len(serveur.recus) >= serveur.coupe:
                    return
                if verbe == "RCPT":
                    dire(serveur.refuses.get(reste.partition("<")[2].rstrip("> "), "250 oui"))
                elif verbe == "DATA":
                    dire("354 j'écoute")
                    corps = b"".join(iter(self.rfile.readline, b".\r\n"))
                    serveur.recus.append(email.message_from_bytes(corps, policy=policy.default))
                    dire("250 reçu")
                else:
                    dire("221 adieu" if verbe == "QUIT" else "250 oui")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dialogue) as ecoute:
        ecoute.daemon_threads = True
        serveur.port = ecoute.server_address[1]
        fil = threading.Thread(target=ecoute.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        fil.start()
        try:
            yield serveur
        finally:
            ecoute.shutdown()
            fil.join()


@contextmanager
def poste_avec(
    instance: InstanceEssai, serveur: Serveur | None = None, operateur: Operateur | None = None
) -> Iterator[Poste]:
    """Donne à l'instance un serveur de courrier et un service de SMS, le temps du contexte."""
    avant = instance.base.poste
    assert isinstance(avant, Poste)
    courriel = Courriel()
    if serveur is not None:
        courriel = Courriel(
            hote="127.0.0.1", port=serveur.port, securite="aucune", expediteur="ent@college.example",
            adresse_ent="https://ent.example", attente=5,
        )  # fmt: skip
    sms = None if operateur is None else CanalSms("Essai", operateur.envoyer)
    instance.base.poste = poste = replace(avant, courriel=courriel, sms=sms)
    try:
        yield poste
    finally:
        instance.base.poste = avant


def contexte_de(instance: InstanceEssai, role: str = "cpe") -> Contexte:
    """Contexte d'une personne de l'annuaire."""
    return Contexte(
        compte_id=instance.annuaire[role], personne_id=instance.annuaire[role], uai=instance.uai_de(role),
        etablissement_nom="", profil=instance.annuaire.profils[role],
        jour=instance.horloge.aujourd_hui(), annee=2026,
    )  # fmt: skip


def donner_des_coordonnees(instance: InstanceEssai, role: str, **valeurs: str | None) -> None:
    """Écrit un courriel ou un mobile sur la fiche d'une personne de l'annuaire."""
    with instance.base.academie("essai : coordonnées") as session:
        session.execute(update(Personne).where(Personne.id == instance.annuaire[role]).values(**valeurs))


@dataclass(frozen=True, slots=True)
class Familles:
    """Des élèves, et un responsable chacun."""

    eleves: list[UUID]
    responsables: list[UUID]


def familles(instance: InstanceEssai, nombre: int) -> Familles:
    """Ajoute des familles dans le premier collège, chacune avec un courriel."""
    lot = Familles([uuid4() for _ in range(nombre)], [uuid4() for _ in range(nombre)])
    with instance.base.academie("essai : familles") as session:
        session.add_all(
            Personne(id=eleve, nom=f"Elève {rang}", prenom="Noé", naissance=date(2014, 1, 1))
            for rang, eleve in enumerate(lot.eleves)
        )
        session.add_all(
            Personne(id=qui, nom=f"Responsable {rang}", prenom="Jo", courriel=f"famille{rang}@essai.example")
            for rang, qui in enumerate(lot.responsables)
        )
        session.flush()
        for eleve, responsable in zip(lot.eleves, lot.responsables, strict=True):
            session.add(
                Rattachement(
                    uai=ECOLE, personne_id=eleve, profil=Profil.ELEVE.value, source="essai", debut=RENTREE
                )
            )
            session.add(
                Responsabilite(
                    eleve_id=eleve, responsable_id=responsable, lien="10", legal=1, financier=False,
                    contact=True, paiement=False, source="essai", debut=RENTREE,
                )
            )  # fmt: skip
    return lot


def ecrits(session: Session, **criteres: Any) -> list[Message]:
    """Messages de la base, dans l'ordre de leur création."""
    return list(session.scalars(select(Message).filter_by(**criteres).order_by(Message.id)))


def ouvrir_un_compte(session: Session, personne: UUID) -> None:
    """Ouvre le compte d'une personne."""
    session.add(Compte(personne_id=personne, identifiant=f"compte-{personne}", etat="actif"))


def prevenir_les_parents(instance: InstanceEssai, sujet: str = NOTE, lien: str = LIEN) -> int:
    """La CPE prévient les responsables de l'élève de l'annuaire."""
    with instance.base.ecole(ECOLE, "essai") as session:
        liens = {instance.annuaire["eleve"]: lien}
        return prevenir_familles(session, contexte_de(instance), sujet=sujet, liens=liens)


def avancer(instance: InstanceEssai, minutes: int) -> None:
    instance.horloge.avancer(timedelta(minutes=minutes))
