"""La sortie, dans les deux sens : un service annonce qu'une personne le quitte ; l'ENT prévient les services.

Une annonce ne ferme que la session qu'elle désigne, et seulement si elle est signée par le service qui la
connaît. L'avis de l'ENT part de serveur à serveur (SOAP) : un service qui ne sait recevoir l'avis que par le
navigateur n'est pas prévenu, et la page de sortie le dit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from lxml import etree
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ent_core.contrat.services import OptionsSaml
from ent_core.donnees.base import Base
from ent_core.federation.client_http import PartenaireInjoignable, envoyer
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.fournisseur_saml.assertion import message, statut
from ent_core.federation.fournisseur_saml.connexion import nom_de_session
from ent_core.federation.fournisseur_saml.demande import (
    Recu,
    entite_de,
    fraiche,
    lire_instant,
    signee,
    texte,
)
from ent_core.federation.fournisseur_saml.emetteur import Emetteur, emetteur_de
from ent_core.federation.fournisseur_saml.normes import SOAP, STATUT_REUSSI, Format, Liaison, Statut
from ent_core.federation.fournisseur_saml.partenaire import PartenaireService, lire_partenaire
from ent_core.federation.fournisseur_saml.scellement import adresse_signee, signer
from ent_core.federation.modeles import PartieDeSession
from ent_core.federation.parties import Messager, PartieAPrevenir
from ent_core.federation.saml.enveloppe import ASSERTION, PROTOCOLE, lire, refus
from ent_core.federation.services import ServiceConnu
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import SessionWeb
from ent_core.identite.sessions import fermer_une
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import ConfigurationInvalide

__all__ = ["Annonce", "Reponse", "accepter", "conclure", "messager", "repondre"]

_ECART = timedelta(seconds=60)
_INDEX = 50
_ENTETES = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": "http://www.oasis-open.org/committees/security",
}
_partie = Base.metadata.tables[PartieDeSession.__tablename__]
_p = _partie.c
_s = Base.metadata.tables[SessionWeb.__tablename__].c


@dataclass(frozen=True, slots=True)
class Annonce:
    """Un service dit qu'une personne le quitte (``LogoutRequest``), preuve faite.

    :param services: clés des déclarations de ce service.
    :param numero: identifiant à citer en réponse.
    :param nom: nom de la personne chez lui (``NameID``).
    :param sessions: ses sessions (``SessionIndex``).
    """

    services: tuple[str, ...]
    partenaire: PartenaireService
    numero: str
    nom: str
    sessions: tuple[UUID, ...]
    relais: str


@dataclass(frozen=True, slots=True)
class Reponse:
    """Où et comment répondre.

    :param message: réponse, non signée si elle part dans une adresse.
    :param adresse: adresse entière, si elle part par une redirection.
    :param vers: adresse du formulaire, sinon.
    """

    message: etree._Element
    adresse: str = ""
    vers: str = ""


def accepter(recu: Recu, services: Sequence[ServiceConnu], ici: str, instant: datetime) -> Annonce:
    """Admet une annonce de sortie.

    :param recu: annonce, de forme sûre.
    :param services: services SAML connus.
    :param ici: adresse où elle est reçue.
    :param instant: maintenant.
    :raises EntreeRefusee: émetteur inconnu, non signée, ancienne, pour une autre adresse, ou sans session.
    """
    siens = [
        (connu.service.cle, lire_partenaire(options.metadonnees))
        for connu in services
        if isinstance(options := connu.service.options, OptionsSaml)
        and lire_partenaire(options.metadonnees).entite == entite_de(recu)
    ]
    prouves: list[tuple[str, PartenaireService, etree._Element]] = []
    premier: EntreeRefusee | None = None if siens else refus("emetteur")
    for cle, partenaire in siens:
        try:
            racine = signee(recu, "SAMLRequest", partenaire)
        except EntreeRefusee as refuse:
            premier = premier or refuse
            continue
        if racine is not None and not partenaire.perime(instant):
            prouves.append((cle, partenaire, racine))
    if not prouves:
        raise premier or refus("sans_signature")
    _, partenaire, racine = prouves[0]
    fraiche(racine, ici, instant, signe=True)
    terme = racine.get("NotOnOrAfter")
    if terme and instant >= lire_instant(terme) + _ECART:
        raise refus("expiree")
    nom = racine.find(f"{ASSERTION}NameID")
    index = [texte(e) for e in racine.findall(f"{PROTOCOLE}SessionIndex")[:_INDEX]]
    if nom is None or not index:
        raise refus("session")
    return Annonce(
        services=tuple(cle for cle, _, _ in prouves),
        partenaire=partenaire,
        numero=racine.get("ID", ""),
        nom=texte(nom),
        sessions=tuple(numero for i in index if (numero := _numero(i)) is not None),
        relais=recu.relais,
    )


def conclure(session: Session, horloge: Horloge, annonce: Annonce) -> Statut | None:
    """Ferme la session que l'annonce désigne, et elle seule ; les autres services en seront prévenus.

    :param session: session de l'académie.
    :param annonce: annonce admise.
    :returns: ce qu'il faut lui répondre ; ``None``, la réussite.
    """
    noms = [nom_de_session(forme, annonce.nom) for forme in (Format.PASSAGER, Format.PERSISTANT)]
    fermees = session.scalars(
        update(_partie)
        .where(
            _p.id.in_(annonce.sessions), _p.service.in_(annonce.services), _p.protocole == "saml",
            _p.nom_de_session.in_(noms),
        )
        .values(etat="prevenue")
        .returning(_p.session_id)
    ).all()  # fmt: skip
    if not fermees:
        consigner(session, horloge, "service.sortie_refusee", objet=annonce.services[0])
        return Statut.INCONNU
    for numero, compte_id in session.execute(
        select(_s.id, _s.compte_id).where(_s.id.in_(set(fermees)))
    ).all():
        fermer_une(session, horloge, compte_id, numero)
    sourd = select(_p.id).where(_p.session_id.in_(set(fermees)), _p.etat == "sans_avis").limit(1)
    return Statut.PARTIEL if session.scalar(sourd) is not None else None


def repondre(emetteur: Emetteur, annonce: Annonce, dit: Statut | None, instant: datetime) -> Reponse | None:
    """La réponse à une annonce ; ``None`` si le service ne dit pas où la recevoir.

    :param annonce: annonce admise.
    :param dit: ce que ``conclure`` a rendu.
    :param instant: maintenant.
    """
    for liaison in (Liaison.REDIRECTION, Liaison.FORMULAIRE):
        vers = annonce.partenaire.reponses.get(liaison)
        if not vers:
            continue
        reponse = message("LogoutResponse", emetteur.entite, vers, instant, annonce.numero)
        reponse.append(statut(STATUT_REUSSI) if dit is None else statut(dit.premier, dit))
        if liaison is Liaison.REDIRECTION:
            adresse = adresse_signee(vers, "SAMLResponse", reponse, annonce.relais, emetteur)
            return Reponse(reponse, adresse=adresse)
        return Reponse(signer(reponse, emetteur), vers=vers)
    return None


def messager(configuration: Configuration, horloge: Horloge) -> Messager:
    """Ce qui prévient un service, de serveur à serveur, que la session est finie.

    :param configuration: l'ENT comme fournisseur, et les hôtes admis à une adresse privée.
    :param horloge: horloge de l'instance.
    """

    def prevenir(partie: PartieAPrevenir) -> None:
        try:
            emetteur = emetteur_de(configuration)
        except ConfigurationInvalide as erreur:
            # Les autres services de la session seront prévenus quand même.
            raise PartenaireInjoignable(erreur.message, remede=erreur.remede) from erreur
        _avertir(emetteur, horloge, configuration.federation.permis, partie)

    return prevenir


def _avertir(emetteur: Emetteur, horloge: Horloge, permis: frozenset[str], partie: PartieAPrevenir) -> None:
    forme, _, nom = partie.nom_de_session.partition(" ")
    avis = message("LogoutRequest", emetteur.entite, partie.adresse, horloge.maintenant())
    etree.SubElement(avis, f"{ASSERTION}NameID", Format=Format[forme].value).text = nom
    etree.SubElement(avis, f"{PROTOCOLE}SessionIndex").text = f"_{partie.id.hex}"
    enveloppe = etree.Element(f"{SOAP}Envelope", nsmap={"soap": SOAP[1:-1]})
    etree.SubElement(enveloppe, f"{SOAP}Body").append(signer(avis, emetteur))
    recue = envoyer(
        "POST", partie.adresse, corps=etree.tostring(enveloppe), entetes=_ENTETES, autorises=permis
    )
    if recue.statut != 200 or not _a_ferme(recue.corps):
        raise PartenaireInjoignable(
            f"le service a répondu {recue.statut} à l'avis de sortie, sans dire qu'il a fermé la session.",
            remede="vérifier avec son contact l'adresse de sortie (SOAP) de ses métadonnées.",
        )


def _a_ferme(corps: bytes) -> bool:
    try:
        racine = lire(corps)
    except EntreeRefusee:
        return False
    code = racine.find(f"{SOAP}Body/{PROTOCOLE}LogoutResponse/{PROTOCOLE}Status/{PROTOCOLE}StatusCode")
    return code is not None and code.get("Value") == STATUT_REUSSI


def _numero(index: str) -> UUID | None:
    try:
        return UUID(index.removeprefix("_"))
    except ValueError:
        return None
