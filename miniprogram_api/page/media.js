// Photos, voice, position. Photos are made smaller here: a village's network is slow, and a small copy carries no EXIF.
var PHOTOS = 3, LONGEST_SIDE = 1600, LONGEST_VOICE_S = 120;

function readAsUrl(blob) {
  return new Promise(function (done, fail) {
    var reader = new FileReader();
    reader.onload = function () { done(reader.result); };
    reader.onerror = fail;
    reader.readAsDataURL(blob);
  });
}

function blobOf(url) {
  var comma = url.indexOf(','), bytes = atob(url.slice(comma + 1)), raw = new Uint8Array(bytes.length);
  for (var i = 0; i < bytes.length; i++) raw[i] = bytes.charCodeAt(i);
  return new Blob([raw], { type: url.slice(5, comma).replace(';base64', '') });
}

function smallPhoto(file) {
  return new Promise(function (done, fail) {
    var address = URL.createObjectURL(file), picture = new Image();
    picture.onerror = function () { URL.revokeObjectURL(address); fail(new Error('unreadable')); };
    picture.onload = function () {
      var scale = Math.min(1, LONGEST_SIDE / Math.max(picture.naturalWidth, picture.naturalHeight));
      var canvas = el('canvas');
      canvas.width = Math.round(picture.naturalWidth * scale);
      canvas.height = Math.round(picture.naturalHeight * scale);
      canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      done(canvas.toDataURL('image/jpeg', 0.8));
    };
    picture.src = address;
  });
}

async function addPhotos(chosen) {
  $('media-trouble').textContent = '';
  var room = PHOTOS - draft.files.filter(function (file) { return file.kind === 'image'; }).length;
  if (chosen.length > room) $('media-trouble').textContent = '最多放 ' + PHOTOS + ' 张照片。';
  for (var i = 0; i < chosen.length && i < room; i++) {
    try { keepFile('image', await smallPhoto(chosen[i])); }
    catch (error) { $('media-trouble').textContent = '这张照片打不开，请换一张。'; }
  }
  $('photo').value = '';
  showFiles();
}

function keepFile(kind, url) {
  var file = { uid: uid(), kind: kind };
  draft.files.push(file);
  if (!remember('file:' + file.uid, url)) $('media-trouble').textContent = '手机存不下了：提交之前请不要关掉这一页。';
  keepDraft();
}

function dropFile(file) {
  draft.files = draft.files.filter(function (other) { return other !== file; });
  forget('file:' + file.uid);
  keepDraft();
  showFiles();
}

function showFiles() {
  var photos = draft.files.filter(function (file) { return file.kind === 'image'; });
  fill($('photos'), photos.map(function (file, index) {
    var name = '第 ' + (index + 1) + ' 张照片';
    return el('figure', {}, el('img', { src: recall('file:' + file.uid), alt: name }),
      el('button', { type: 'button', class: 'button quiet', 'aria-label': '去掉' + name,
        onclick: function () { dropFile(file); announce('已去掉' + name); } }, '去掉'));
  }));
  showVoice(draft.files.filter(function (file) { return file.kind === 'audio'; })[0]);
}

// ---- voice: hold and let go, or touch once to begin and once more to end (a trembling hand cannot hold)
var recorder = null;

function canRecord() {
  return window.MediaRecorder && navigator.mediaDevices && navigator.mediaDevices.getUserMedia;
}

function showVoice(file) {
  if (file) {
    fill($('voice'), el('audio', { controls: true, src: URL.createObjectURL(blobOf(recall('file:' + file.uid))), 'aria-label': '录好的话' }),
      button('去掉，重新录', null, function () { dropFile(file); }, 'quiet'));
    return;
  }
  if (!canRecord()) return chooseRecording();
  var talk = button('按住说话', 'mic', function (event) { if (event.detail === 0) toggleVoice(); }, 'talk');
  var pressed = 0;
  talk.setAttribute('aria-describedby', 'voice-hint');
  talk.addEventListener('pointerdown', function (event) {
    event.preventDefault();
    if (recorder) { pressed = 0; return stopVoice(); }
    pressed = Date.now();
    startVoice();
  });
  ['pointerup', 'pointercancel'].forEach(function (name) {
    talk.addEventListener(name, function () {
      if (pressed && Date.now() - pressed > 600) stopVoice();
      pressed = 0;
    });
  });
  talk.addEventListener('contextmenu', function (event) { event.preventDefault(); });
  fill($('voice'), talk, el('p', { class: 'soft centre', id: 'voice-hint' }, '按住说，松开就好；点一下开始、再点一下结束也行'));
}

function chooseRecording() {
  fill($('voice'), el('label', { class: 'button quiet', for: 'recording' }, icon('mic'), el('span', {}, '选一段录音')),
    el('input', { class: 'unseen', type: 'file', id: 'recording', accept: 'audio/*', onchange: async function (event) {
      if (!event.target.files[0]) return;
      keepFile('audio', await readAsUrl(event.target.files[0]));
      showFiles();
    } }));
}

function toggleVoice() { if (recorder) stopVoice(); else startVoice(); }

async function startVoice() {
  var mine = recorder = { ended: false };
  hush();
  try {
    mine.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    recorder = null;
    chooseRecording();
    announce('没有打开麦克风。可以写字，也可以打热线。');
    return;
  }
  if (mine.ended) return mine.stream.getTracks().forEach(function (track) { track.stop(); });
  var type = ['audio/webm;codecs=opus', 'audio/mp4'].filter(function (name) { return MediaRecorder.isTypeSupported(name); })[0];
  var pieces = [], seconds = 0, label = document.querySelector('.talk span');
  mine.machine = new MediaRecorder(mine.stream, { mimeType: type, audioBitsPerSecond: 24000 });
  mine.machine.ondataavailable = function (event) { if (event.data.size) pieces.push(event.data); };
  mine.machine.onstop = async function () {
    mine.stream.getTracks().forEach(function (track) { track.stop(); });
    clearInterval(mine.timer);
    if (pieces.length) keepFile('audio', await readAsUrl(new Blob(pieces, { type: mine.machine.mimeType.split(';')[0] })));
    showFiles();
    announce('录好了。');
  };
  mine.machine.start();
  mine.timer = setInterval(function () {
    seconds += 1;
    label.textContent = '正在录音 ' + seconds + ' 秒';
    if (seconds >= LONGEST_VOICE_S) stopVoice();
  }, 1000);
  label.parentNode.classList.add('recording');
  label.textContent = '正在录音';
  announce('正在录音，请说话。');
}

function stopVoice() {
  var mine = recorder;
  recorder = null;
  if (!mine) return;
  mine.ended = true;
  if (mine.machine && mine.machine.state !== 'inactive') mine.machine.stop();
}

// ---- position: only when asked for
function showPosition() {
  var place = $('position');
  if (!navigator.geolocation) return fill(place);
  if (draft.place) {
    return fill(place, el('p', { class: 'with-icon' }, icon('yes'), '已加上您现在的位置'),
      button('去掉位置', null, function () { draft.place = null; keepDraft(); showPosition(); }, 'quiet'));
  }
  fill(place, button('加上我现在的位置', 'pin', function () {
    fill(place, el('p', { role: 'status' }, '正在找位置……'));
    navigator.geolocation.getCurrentPosition(function (found) {
      draft.place = { lon: found.coords.longitude, lat: found.coords.latitude, datum: 'wgs84' };
      keepDraft();
      showPosition();
      announce('已加上位置。');
    }, function () {
      showPosition();
      $('media-trouble').textContent = '没有找到位置。不加也可以，写清楚地方就行。';
    }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
  }, 'quiet'));
}
