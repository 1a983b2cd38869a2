; (bytearray, layout, item size): a tensor over all bytes of it, which there is at least one of.
define ptr @from_bytes(ptr %self, ptr %args, i64 %count) {
  %buffer = load ptr, ptr %args
  %form = call ptr @field(ptr %args, i64 8)
  %size.object = call ptr @field(ptr %args, i64 16)
  %size = call i64 $PyLong_AsLongLong(ptr %size.object)
  %view = call ptr $PyMemoryView_FromObject(ptr %buffer)  ; while it lives the bytes stay where they are
  %no.view = icmp eq ptr %view, null
  br i1 %no.view, label %nothing, label %look
look:
  %first = call ptr $PyByteArray_AsString(ptr %buffer)
  %address = ptrtoint ptr %first to i64
  %nbytes = call i64 $PyByteArray_Size(ptr %buffer)
  %mask = sub i64 %size, 1
  %past = and i64 %address, %mask
  %even = icmp eq i64 %past, 0
  br i1 %even, label %over, label %release
over:
  %tensor = call ptr @tensor_over(i64 %address, i64 %nbytes, ptr %view, ptr %form, i64 %address, i64 0)
  call void $Py_DecRef(ptr %view)
  ret ptr %tensor
release:
  call void $Py_DecRef(ptr %view)
  br label %nothing
nothing:
  %no.answer = call ptr @no_answer()
  ret ptr %no.answer
}
