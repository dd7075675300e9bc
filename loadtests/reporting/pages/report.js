"use strict";
// The only script of the page: the list of messages shows one waterfall at a time, and the address remembers which.
(() => {
  const list = document.getElementById("exemplar");
  if (list === null) return;
  const waterfalls = [...document.querySelectorAll("[data-exemplar]")];
  const details = document.getElementById("minor");

  const show = (name) => {
    for (const waterfall of waterfalls) waterfall.hidden = waterfall.dataset.exemplar !== name;
    list.value = name;
  };
  const fromAddress = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    if (!waterfalls.some((waterfall) => waterfall.dataset.exemplar === name)) return;
    show(name);
    document.getElementById("waterfall").scrollIntoView();
  };
  list.addEventListener("change", () => {
    show(list.value);
    history.replaceState(null, "", "#" + list.value);
  });
  details.addEventListener("change", () => {
    document.getElementById("waterfall").classList.toggle("with-minor", details.checked);
  });
  addEventListener("hashchange", fromAddress);
  fromAddress();
})();
