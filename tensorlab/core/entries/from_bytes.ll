; (object, dtype): a tensor in one row over all bytes of a bytearray, if there were as many in one before.
define ptr @from_bytes(ptr %self, ptr %args, i64 %count) {
  %buffer = load ptr, ptr %args
  %class = call ptr @field(ptr %buffer, i64 $class)
  %exact = icmp eq ptr %class, $bytearray
  br i1 %exact, label %begin, label %nothing
begin:
  %dtype = call ptr @field(ptr %args, i64 8)
  %lengths = call ptr $PyDict_GetItemWithError(ptr $rows, ptr %dtype)
  %new.dtype = icmp eq ptr %lengths, null
  br i1 %new.dtype, label %nothing, label %count.bytes
count.bytes:
  %nbytes = call i64 $PyByteArray_Size(ptr %buffer)
  %key = call ptr $PyLong_FromLongLong(i64 %nbytes)
  %no.key = icmp eq ptr %key, null
  br i1 %no.key, label %nothing, label %find
find:
  %known = call ptr $PyDict_GetItemWithError(ptr %lengths, ptr %key)
  call void $Py_DecRef(ptr %key)
  %unknown = icmp eq ptr %known, null
  br i1 %unknown, label %nothing, label %read
read:
  %form = call ptr @field(ptr %known, i64 $first_item)
  %facts = call ptr @field(ptr %known, i64 $second_item)
  %size.at = getelementptr i8, ptr %facts, i64 $bytes
  %size = load i64, ptr %size.at
  call void $Py_IncRef(ptr %form)  ; the table may change
  %view = call ptr $PyMemoryView_FromObject(ptr %buffer)  ; while it lives the bytes stay where they are
  %no.view = icmp eq ptr %view, null
  br i1 %no.view, label %release, label %look
look:  ; making it may have run anything, too
  %first = call ptr $PyByteArray_AsString(ptr %buffer)
  %address = ptrtoint ptr %first to i64
  %nbytes.now = call i64 $PyByteArray_Size(ptr %buffer)
  %same = icmp eq i64 %nbytes.now, %nbytes
  %mask = sub i64 %size, 1
  %past = and i64 %address, %mask
  %even = icmp eq i64 %past, 0
  %fine = and i1 %same, %even
  br i1 %fine, label %over, label %release.view
over:
  %tensor = call ptr @tensor_over(i64 %address, i64 %nbytes, ptr %view, ptr %form, i64 %address, i64 0)
  call void $Py_DecRef(ptr %view)
  call void $Py_DecRef(ptr %form)
  ret ptr %tensor
release.view:
  call void $Py_DecRef(ptr %view)
  br label %release
release:
  call void $Py_DecRef(ptr %form)
  br label %nothing
nothing:
  %no.answer = call ptr @no_answer()
  ret ptr %no.answer
}
