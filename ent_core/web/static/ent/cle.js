/* Clés d'accès : un formulaire marqué data-cle demande à la clé, puis repart avec sa réponse. */
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;
  document.documentElement.classList.add("cles");
  const octets = (texte) => Uint8Array.from(atob(texte.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const texte = (tampon) => btoa(String.fromCharCode(...new Uint8Array(tampon))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const lues = (liste) => (liste || []).map((cle) => ({ ...cle, id: octets(cle.id) }));

  const demander = async (formulaire) => {
    const recue = await fetch(formulaire.dataset.cle, {
      method: "POST",
      headers: { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content },
    });
    if (!recue.ok) throw new Error(recue.status);
    const o = await recue.json();
    o.challenge = octets(o.challenge);
    if (!o.user) {
      o.allowCredentials = lues(o.allowCredentials);
      return navigator.credentials.get({ publicKey: o });
    }
    o.user.id = octets(o.user.id);
    o.excludeCredentials = lues(o.excludeCredentials);
    return navigator.credentials.create({ publicKey: o });
  };
  const ecrire = (cle) => {
    const r = cle.response, reponse = { clientDataJSON: texte(r.clientDataJSON) };
    if (r.attestationObject) reponse.attestationObject = texte(r.attestationObject);
    else {
      reponse.authenticatorData = texte(r.authenticatorData);
      reponse.signature = texte(r.signature);
      if (r.userHandle) reponse.userHandle = texte(r.userHandle);
    }
    return JSON.stringify({ id: cle.id, rawId: texte(cle.rawId), type: cle.type, response: reponse, clientExtensionResults: {} });
  };

  document.querySelectorAll("form[data-cle]").forEach((formulaire) => {
    const reponse = formulaire.querySelector("[data-reponse]"), avis = formulaire.querySelector("[data-avis]");
    formulaire.addEventListener("submit", async (e) => {
      if (reponse.value) return;
      e.preventDefault();
      avis.textContent = "Suivez ce que votre appareil demande…";
      try {
        reponse.value = ecrire(await demander(formulaire));
        formulaire.submit();
      } catch (erreur) {
        avis.textContent = erreur.name === "InvalidStateError"
          ? "Cet appareil a déjà une clé d'accès pour ce compte."
          : "La clé d'accès n'a rien répondu. Recommencez, ou choisissez un autre moyen.";
      }
    });
  });
})();
