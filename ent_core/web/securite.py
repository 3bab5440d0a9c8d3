"""En-têtes de sécurité et jeton anti-contrefaçon (SDET-SSI-02, SDET-SSI-03)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from ent_core.socle.erreurs import ErreurEnt
from ent_core.web.erreurs import montrer
from ent_core.web.routes import exigence_de

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["CSP", "installer", "sans_formulaire"]

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""Politique de contenu : ni script ni style en ligne, rien d'ailleurs."""

_ENTETES = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    # Une page contient des données personnelles ; un fichier statique dit lui-même sa durée.
    "Cache-Control": "no-store",
}
_VENUES_D_AILLEURS = "ent_venues_d_ailleurs"
_CORPS = 2 * 1024 * 1024
"""Taille d'une demande qui n'envoie pas de fichier."""

_APERCU = 2 * _CORPS
"""Taille de ce qu'une route qui reçoit un fichier tient en mémoire."""

_HSTS = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")


class RequeteContrefaite(ErreurEnt):
    """Le formulaire ne porte pas le jeton de la session : page trop ancienne, ou contrefaçon."""

    code = "ENT-CSRF"
    statut_http = 400


def installer(application: Flask, *, securise: bool) -> None:
    """Pose les en-têtes sur chaque réponse et exige le jeton sur chaque écriture.

    :param application: application Flask.
    :param securise: l'ENT est servi en HTTPS.
    """
    application.config.update(
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=securise,
        WTF_CSRF_HEADERS=["X-CSRFToken"],
        # Le témoin des formulaires, comme celui de la session : un sous-domaine ne peut pas le poser.
        SESSION_COOKIE_NAME="__Host-ent_page" if securise else "ent_page",
        SESSION_COOKIE_SECURE=securise,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    # Avant la vérification du jeton, qui lit déjà le formulaire.
    application.config["MAX_CONTENT_LENGTH"] = _CORPS
    application.before_request(_elargir_le_corps)
    CSRFProtect(application)
    application.extensions[_VENUES_D_AILLEURS] = set()

    def refuser(_erreur: Exception) -> Response:
        # Une exception levée ici n'aurait plus de traitement : on rend la page nous-mêmes.
        return montrer(
            RequeteContrefaite(
                "cette page est ouverte depuis trop longtemps, ou la demande ne vient pas d'elle.",
                remede="revenir en arrière, recharger la page, puis recommencer.",
            )
        )

    application.register_error_handler(CSRFError, refuser)

    @application.before_request
    def refuser_autre_site() -> None:
        """Une écriture lancée par un autre site est refusée avant tout (Fetch Metadata)."""
        if request.blueprint in application.extensions[_VENUES_D_AILLEURS]:
            return
        origine = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method not in ("GET", "HEAD", "OPTIONS") and origine not in ("same-origin", "none"):
            raise RequeteContrefaite(
                "cette demande vient d'un autre site.", remede="ouvrir l'ENT directement, puis recommencer."
            )

    application.wsgi_app = _poser_les_entetes(application.wsgi_app, securise)  # type: ignore[assignment,method-assign] # forme conseillée par Flask


def _elargir_le_corps() -> None:
    """Une demande est petite, sauf à la route qui reçoit un fichier, et qui dit combien.

    Hors d'un fichier, ce qu'elle reçoit tient en mémoire : l'aperçu, renvoyé pour être confirmé.
    """
    vue = current_app.view_functions.get(request.endpoint or "")
    exigence = exigence_de(vue, request.method) if vue is not None else None
    if exigence is not None and exigence.envoi:
        fichier = request.mimetype == "multipart/form-data"
        request.max_form_memory_size = min(exigence.envoi, _APERCU)
        request.max_content_length = exigence.envoi if fichier else request.max_form_memory_size


def sans_formulaire(application: Flask, adresses: Blueprint) -> None:
    """Dispense du jeton de formulaire des adresses écrites d'un autre site, et qui ont chacune leur preuve.

    Un serveur les appelle, ou le navigateur y poste, depuis la page d'un partenaire, un message signé.

    :param application: application Flask, déjà protégée.
    :param adresses: blueprint qui n'a aucune page.
    """
    application.extensions["csrf"].exempt(adresses)
    application.extensions[_VENUES_D_AILLEURS].add(adresses.name)


def _poser_les_entetes(suivante: WSGIApplication, securise: bool) -> WSGIApplication:
    """Complète toute réponse, même celle d'une panne : une vue peut durcir un en-tête, jamais l'oublier."""
    poses = [(nom.lower(), (nom, valeur)) for nom, valeur in _ENTETES.items()]
    if securise:
        poses.append(("strict-transport-security", _HSTS))

    def servir(environ: WSGIEnvironment, commencer: StartResponse) -> Iterable[bytes]:
        def completer(statut: str, entetes: list[tuple[str, str]], *erreur: Any) -> Callable[[bytes], object]:
            presents = {nom.lower() for nom, _ in entetes}
            entetes.extend(entete for cle, entete in poses if cle not in presents)
            return commencer(statut, entetes, *erreur)

        return suivante(environ, completer)

    return servir
