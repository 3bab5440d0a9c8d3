"""Le serveur CAS, sous ``/cas/`` : donner un ticket à la personne, puis en répondre au service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.chargement.services import services_declares
from ent_core.contrat.services import Protocole
from ent_core.federation import emission
from ent_core.federation.adresses import lire_adresse, morceaux_surs, sans_ticket
from ent_core.federation.cas import reponses, tickets, validation
from ent_core.federation.cas.reponses import CodeEchec, Echec, Reussite
from ent_core.federation.emission import Empechement
from ent_core.federation.services import MotifService, ServiceConnu, connus, fermes_ici, pour
from ent_core.identite.sessions import SessionReconnue
from ent_core.web.federation.marques import marquer, relire
from ent_core.web.federation.passages import (
    envoyer_par_formulaire,
    faire_entrer,
    faire_prouver,
    mener,
    prouvee_depuis,
)
from ent_core.web.federation.refus import refuser
from ent_core.web.instance import instance
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import public

__all__ = ["cas"]

cas = Blueprint("cas", __name__, url_prefix="/cas")

_ENTREE = "un service y envoie la personne, qui se connecte si elle ne l'est pas"
_VALIDATION = "un service y présente le ticket qu'il vient de recevoir"
_REPETABLES = frozenset({"service", "ticket", "renew", "gateway", "method"})
_VRAI = frozenset({"true", "1", "yes", "on", ""})
_PREUVE = timedelta(minutes=10)
_DEPUIS = "cas.depuis"


@dataclass(frozen=True, slots=True)
class _Entree:
    """Ce qu'un service demande en envoyant la personne.

    :param depuis: moment de la première demande, scellé ; une preuve plus récente vaut pour ``renew``.
    """

    service: str
    renew: bool
    gateway: bool
    envoyer: bool
    depuis: str

    @property
    def suite(self) -> str:
        """Chemin local qui refait la même demande, après la connexion."""
        gardes = {
            "service": self.service,
            "renew": "true" if self.renew else "",
            "method": "POST" if self.envoyer else "",
            "depuis": self.depuis or marquer(_DEPUIS),
        }
        return f"{url_for('cas.entrer')}?{urlencode({n: v for n, v in gardes.items() if v})}"


@cas.get("/login")
@public(_ENTREE)
def entrer() -> ReponseWerkzeug:
    if any(len(request.args.getlist(nom)) > 1 for nom in _REPETABLES):
        return refuser("adresse", statut=400)
    demande = _lire()
    if not demande.service:
        return redirect(url_for("ent.accueil"))
    ent = instance()
    permis = ent.configuration.federation.permis
    declares = connus(session_courante(), services_declares(ent.chargement, ent.configuration))
    services = [connu for connu in declares if connu.service.protocole is Protocole.CAS]
    if not any(lire_adresse(c.service.adresse, permis).admet(demande.service) for c in services):
        return refuser("inconnu", hote=_hote(demande.service))
    reconnue = requete().reconnue
    empechement = emission.peut_emettre(reconnue) if reconnue else Empechement.SECOND_FACTEUR
    if reconnue is None or empechement in (Empechement.SECOND_FACTEUR, Empechement.CONTEXTE):
        return redirect(demande.service) if demande.gateway else faire_entrer(reconnue, demande.suite)
    if empechement is not None:
        return refuser(empechement.value, hote=_hote(demande.service))
    return _donner(reconnue, services, demande)


def _donner(reconnue: SessionReconnue, services: list[ServiceConnu], demande: _Entree) -> ReponseWerkzeug:
    """Le service s'ouvre-t-il à cette personne, ici et maintenant ? Alors un ticket, et on y va."""
    ent, contexte = instance(), requete().contexte
    if contexte is None:
        return faire_entrer(reconnue, demande.suite)
    connu = pour(
        services, demande.service, contexte.uai, contexte.profil, contexte.jour,
        fermes=fermes_ici(session_courante(), contexte.uai), briques=contexte.briques,
        permis=ent.configuration.federation.permis,
    )  # fmt: skip
    if isinstance(connu, MotifService):
        return refuser(connu.value, hote=_hote(demande.service), suite=demande.suite)
    prouvee = _prouvee_depuis(reconnue, demande.depuis)
    if demande.renew and not prouvee:
        return faire_prouver(demande.suite)
    ticket = tickets.emettre(
        session_courante(), ent.horloge, connu.service, reconnue, demande.service, principal=prouvee
    )
    if ticket is None:
        return refuser("compte", service=connu.service.cle)
    return _envoyer(connu.service.nom, demande, ticket)


@cas.get("/serviceValidate")
@cas.get("/proxyValidate", endpoint="proxy_valider")
@public(_VALIDATION)
def valider() -> Response:
    return _valider(attributs=False)


@cas.get("/p3/serviceValidate")
@cas.get("/p3/proxyValidate", endpoint="proxy_valider_p3")
@public(_VALIDATION)
def valider_p3() -> Response:
    return _valider(attributs=True)


@cas.get("/logout")
@public("un service y envoie la personne qui veut sortir ; elle le confirme")
def sortir() -> ReponseWerkzeug:
    """Une adresse ne ferme rien à elle seule : n'importe quel site pourrait la faire ouvrir."""
    if requete().reconnue is None:
        return redirect(url_for("ent.connexion"))
    return make_response(render_template("federation/sortir.html"))


def _valider(*, attributs: bool) -> Response:
    ent = instance()
    reponse: Echec | Reussite
    if any(len(request.args.getlist(nom)) > 1 for nom in _REPETABLES):
        reponse = Echec(CodeEchec.INVALID_REQUEST, "Un paramètre est répété.")
    else:
        # La validation a ses propres transactions : celle de la requête est rendue d'abord.
        session_courante().commit()
        serveur = validation.ServeurCas(
            ent.base, ent.horloge, ent.coffre, services_declares(ent.chargement, ent.configuration),
            ent.configuration.federation.permis,
        )  # fmt: skip
        recue = validation.DemandeCas(
            ticket=request.args.get("ticket", ""),
            service=request.args.get("service", ""),
            renew=_vrai("renew"),
            mandataire="pgtUrl" in request.args,
            attributs=attributs,
        )
        reponse = validation.valider(serveur, recue)
    if request.args.get("format", "").upper() == "JSON":
        return Response(reponses.en_json(reponse), mimetype="application/json")
    return Response(reponses.en_xml(reponse), content_type="application/xml; charset=utf-8")


def _lire() -> _Entree:
    # « renew » l'emporte sur « gateway » : le protocole demande d'ignorer le second.
    renew = _vrai("renew")
    return _Entree(
        service=sans_ticket(request.args.get("service", "")),
        renew=renew,
        gateway=_vrai("gateway") and not renew,
        envoyer=request.args.get("method", "").upper() == "POST",
        depuis=request.args.get("depuis", ""),
    )


def _vrai(nom: str) -> bool:
    return nom in request.args and request.args[nom].lower() in _VRAI


def _prouvee_depuis(reconnue: SessionReconnue, depuis: str) -> bool:
    """La personne a prouvé qui elle est depuis que ce service l'a demandé : l'instant en est scellé."""
    marque = relire(_DEPUIS, depuis, _PREUVE)
    return marque is not None and prouvee_depuis(reconnue, marque[1])


def _envoyer(nom: str, demande: _Entree, ticket: str) -> ReponseWerkzeug:
    """Par une redirection ; par une page si c'est un formulaire d'ici, ou le service, qui le demande ainsi.

    La politique de contenu interdit à un formulaire de l'ENT de mener ailleurs, même par redirection.
    """
    liaison = "&" if "?" in demande.service else "?"
    adresse = f"{demande.service}{liaison}ticket={ticket}"
    if demande.envoyer:
        return envoyer_par_formulaire(nom, demande.service, {"ticket": ticket})
    return mener(nom, adresse)


def _hote(url: str) -> str:
    """Hôte d'une adresse, pour le journal ; une adresse douteuse n'y est pas recopiée."""
    morceaux = morceaux_surs(url)
    return morceaux.netloc[:80] if morceaux else "adresse illisible"
