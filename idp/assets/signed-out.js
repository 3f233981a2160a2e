// Goes on once: as soon as every client that is told has answered, and soon even if one does not. Without scripts the page
// goes on by itself when all have answered, and its button leads there at any time.
let gone = false
function goOn() {
  if (gone) return
  gone = true
  location.replace(document.getElementById('onward').href)
}
addEventListener('load', goOn)
setTimeout(goOn, 5000)
