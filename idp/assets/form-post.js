// Sends the answer on as soon as the page is there; without scripts its button does.
document.querySelector("form").submit();
