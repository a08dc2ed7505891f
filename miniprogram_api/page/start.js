// Which view is on show follows the part of the address after #, so that the phone's own back button works.
function go(place) {
  if (location.hash.slice(1) === place) show();
  else location.hash = place;
}

function show() {
  var parts = location.hash.slice(1).split('/'), name = parts[0] || 'home';
  if (recall('pending') && name === 'say') return go('sending');
  if (name === 'sending' && !recall('pending')) return go('say');
  var view = $(name);
  if (!view || !view.classList.contains('view')) return go('home');
  document.querySelectorAll('.view').forEach(function (other) { other.classList.toggle('on', other === view); });
  hush();
  stopVoice();
  if (name === 'progress') showMine($('mine'), false);
  if (name === 'rate') showMine($('to-rate'), true);
  if (name === 'one') showOne(parts[1] || '');
  if (name === 'receipt') showReceipt();
  if (name === 'sending') send();
  window.scrollTo(0, 0);
  if (shown) view.querySelector('[tabindex="-1"]').focus({ preventScroll: true });
  shown = true;
}
var shown = false;

root.classList.add('js');
prepareTools();
prepareForm();
prepareLookup();
window.addEventListener('hashchange', show);
window.addEventListener('online', send);
if (recall('pending') && !location.hash) location.hash = 'sending';
else if (recall('receipt') && !location.hash) location.hash = 'receipt';
show();
