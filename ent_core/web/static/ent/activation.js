/* Le carré de la lettre : identifiant et code arrivent dans le fragment, qui ne quitte pas cet appareil. */
(() => {
  "use strict";
  const recus = new URLSearchParams(location.hash.slice(1));
  if (!recus.has("code")) return;
  for (const nom of ["identifiant", "code"]) {
    const champ = document.getElementById(nom);
    if (champ && recus.get(nom)) champ.value = recus.get(nom).slice(0, 100);
  }
  /* Ni l'historique, ni un partage de l'adresse ne gardent le code. */
  history.replaceState(null, "", location.pathname);
  document.getElementById("nouveau")?.focus();
})();
