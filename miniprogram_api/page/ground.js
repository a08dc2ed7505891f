// Ground: elements, memory, words, large text, reading aloud. Text always enters the page as text, never as HTML.
var facts = JSON.parse(document.getElementById('facts').textContent);
var root = document.documentElement;

function $(id) { return document.getElementById(id); }

function el(tag, attributes) {
  var made = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (name) {
    var value = attributes[name];
    if (name.slice(0, 2) === 'on') made.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'disabled') made[name] = value;
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  });
  Array.prototype.slice.call(arguments, 2).forEach(function add(child) {
    if (Array.isArray(child)) child.forEach(add);
    else if (child || child === 0) made.append(child);
  });
  return made;
}

function icon(name) {
  var svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  var use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', '#i-' + name);
  svg.appendChild(use);
  return svg;
}

function button(words, symbol, action, kind) {
  return el('button', { type: 'button', class: 'button ' + (kind || ''), onclick: action }, symbol && icon(symbol), el('span', {}, words));
}

function fill(place) {
  place.textContent = '';
  Array.prototype.slice.call(arguments, 1).forEach(function add(child) {
    if (Array.isArray(child)) child.forEach(add);
    else if (child) place.append(child);
  });
}

function announce(words) {
  $('live').textContent = '';
  setTimeout(function () { $('live').textContent = words; }, 60);
}

function hotlineLink() {
  return el('a', { class: 'button quiet', href: 'tel:' + facts.hotline }, icon('phone'), el('span', {}, '打热线 ' + facts.hotline));
}

// A number nobody else has; crypto.randomUUID is missing on plain http and on old phones.
function uid() {
  var bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.prototype.map.call(bytes, function (byte) { return (byte + 256).toString(16).slice(1); }).join('');
}

// The phone's memory may be full or forbidden: then things live only as long as the page.
var kept = {};
function recall(name) {
  try {
    var text = localStorage.getItem('huying:' + name);
    if (text !== null) return JSON.parse(text);
  } catch (error) { /* forbidden or damaged */ }
  return name in kept ? kept[name] : null;
}
function remember(name, value) {
  kept[name] = value;
  try {
    localStorage.setItem('huying:' + name, JSON.stringify(value));
    return true;
  } catch (error) { return false; }
}
function forget(name) {
  delete kept[name];
  try { localStorage.removeItem('huying:' + name); } catch (error) { /* forbidden */ }
}

function day(at) {
  var on = new Date(Date.UTC(+at.slice(0, 4), at.slice(5, 7) - 1, +at.slice(8, 10)));
  return +at.slice(5, 7) + '月' + +at.slice(8, 10) + '日 周' + '日一二三四五六'.charAt(on.getUTCDay());
}
function moment(at) { return day(at) + ' ' + at.slice(11, 16); }

function counting(deadline) {
  return el('details', {}, el('summary', {}, '日子是怎么算的'),
    el('ol', { class: 'days' }, (deadline.explanation || []).map(function (line) {
      return el('li', { class: line.counted ? 'counts' : '' }, line.text);
    })));
}

function prepareTools() {
  var big = $('big'), read = $('read');
  function enlarge(on) {
    root.classList.toggle('large', on);
    big.setAttribute('aria-pressed', String(on));
    remember('large', on);
  }
  big.hidden = false;
  big.onclick = function () { enlarge(!root.classList.contains('large')); };
  enlarge(recall('large') === true);
  if (!window.speechSynthesis || !window.SpeechSynthesisUtterance) return;
  read.hidden = false;
  read.onclick = function () {
    if (read.getAttribute('aria-pressed') === 'true') return hush();
    var speech = new SpeechSynthesisUtterance(document.querySelector('.view.on').innerText.slice(0, 3000));
    speech.lang = 'zh-CN';
    speech.rate = 0.9;
    speech.onend = speech.onerror = hush;
    read.setAttribute('aria-pressed', 'true');
    speechSynthesis.speak(speech);
  };
}
function hush() {
  if (window.speechSynthesis) speechSynthesis.cancel();
  $('read').setAttribute('aria-pressed', 'false');
}
