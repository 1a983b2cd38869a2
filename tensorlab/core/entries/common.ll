; What all entries use. An entry answers None where it does not know what to do, and Python does it then: so there is no
; error to raise here, and where one arises it is cleared, and met again in Python. Nothing is half-done.
;
; Names after a dollar sign are addresses of objects and functions, and places of fields: see `core.sharing_code`.
; A reference that a function is given stays the caller's, if nothing else is said. Between the question to a table and
; its change no object is made that the garbage collector tracks, so that nothing runs in between.

define internal ptr @no_answer() {
  call void $PyErr_Clear()
  call void $Py_IncRef(ptr $None)
  ret ptr $None
}

define internal void @put(ptr %object, i64 %place, ptr %value) {
  call void $Py_IncRef(ptr %value)
  %field = getelementptr i8, ptr %object, i64 %place
  store ptr %value, ptr %field
  ret void
}

define internal ptr @field(ptr %object, i64 %place) {
  %field = getelementptr i8, ptr %object, i64 %place
  %value = load ptr, ptr %field
  ret ptr %value
}

; What a table of weak references has under a key: borrowed; null if there is none, or if it has died.
define internal ptr @living(ptr %table, ptr %key) {
  %seen = call ptr $PyDict_GetItemWithError(ptr %table, ptr %key)
  %absent = icmp eq ptr %seen, null
  br i1 %absent, label %nothing, label %look
look:
  %object = call ptr $PyWeakref_GetObject(ptr %seen)
  %dead = icmp eq ptr %object, $None
  br i1 %dead, label %nothing, label %found
found:
  ret ptr %object
nothing:
  ret ptr null
}

; Puts a weak reference to a new object into a table, unless there is a living one by now, or the table is full: 0.
; The caller has made the reference, as that may run a garbage collection; from here on nothing does.
define internal i1 @enter(ptr %table, ptr %key, ptr %reference, i64 %most) {
  %other = call ptr @living(ptr %table, ptr %key)
  %alone = icmp eq ptr %other, null
  %length = call i64 $PyDict_Size(ptr %table)
  %room = icmp sle i64 %length, %most
  %may = and i1 %alone, %room
  br i1 %may, label %change, label %not
change:
  %status = call i32 $PyDict_SetItem(ptr %table, ptr %key, ptr %reference)
  %done = icmp eq i32 %status, 0
  ret i1 %done
not:
  ret i1 0
}
