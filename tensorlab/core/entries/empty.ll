; (sizes, dtype): a tensor of uninitialised elements, if there was one of these sizes before; with the error of the
; allocator where that has no bytes. As `core.tensor.fresh` makes it.
define ptr @empty(ptr %self, ptr %args, i64 %count) {
start:
  %sizes = load ptr, ptr %args
  %dtype = call ptr @field(ptr %args, i64 8)
  %dims.at = getelementptr i8, ptr %sizes, i64 $length
  %dims = load i64, ptr %dims.at
  %items = getelementptr i8, ptr %sizes, i64 $first_item
  br label %each
each:  ; True and 1.0 would find the layout of 1
  %i = phi i64 [0, %start], [%i.next, %check]
  %more = icmp slt i64 %i, %dims
  br i1 %more, label %check, label %find
check:
  %item.at = getelementptr ptr, ptr %items, i64 %i
  %item = load ptr, ptr %item.at
  %item.class = call ptr @field(ptr %item, i64 $class)
  %plain = icmp eq ptr %item.class, $int
  %i.next = add i64 %i, 1
  br i1 %plain, label %each, label %nothing
find:
  %shapes = call ptr $PyDict_GetItemWithError(ptr $shapes, ptr %dtype)
  %new.dtype = icmp eq ptr %shapes, null
  br i1 %new.dtype, label %nothing, label %find.form
find.form:
  %form = call ptr $PyDict_GetItemWithError(ptr %shapes, ptr %sizes)
  %unknown = icmp eq ptr %form, null
  br i1 %unknown, label %nothing, label %allocate
allocate:
  %allocator = call ptr @field(ptr $current, i64 $current_allocator)
  %function = call ptr @field(ptr $current, i64 $current_allocate)
  %nbytes = call ptr @field(ptr %form, i64 $layout_nbytes)
  call void $Py_IncRef(ptr %form)  ; the call may run anything, and change the table and the allocator
  call void $Py_IncRef(ptr %allocator)
  call void $Py_IncRef(ptr %function)
  %data = call ptr $PyObject_CallOneArg(ptr %function, ptr %nbytes)
  call void $Py_DecRef(ptr %function)
  %no.data = icmp eq ptr %data, null
  br i1 %no.data, label %release, label %place
place:
  %address = call ptr $PyObject_GetAttr(ptr %data, ptr $address)
  %no.address = icmp eq ptr %address, null
  br i1 %no.address, label %release.data, label %make
make:
  %storage = call ptr $PyType_GenericAlloc(ptr $Storage, i64 0)
  %no.storage = icmp eq ptr %storage, null
  br i1 %no.storage, label %release.address, label %fill
fill:
  call void @put(ptr %storage, i64 $storage_pointer, ptr %data)
  call void @put(ptr %storage, i64 $storage_address, ptr %address)
  call void @put(ptr %storage, i64 $storage_nbytes, ptr %nbytes)
  call void @put(ptr %storage, i64 $storage_allocator, ptr %allocator)
  call void @put(ptr %storage, i64 $storage_readonly, ptr $False)
  call void @put(ptr %storage, i64 $storage_version, ptr $zero)
  call void @put(ptr %storage, i64 $storage_writes, ptr $None)
  %tensor = call ptr $PyType_GenericAlloc(ptr $Tensor, i64 0)
  %no.tensor = icmp eq ptr %tensor, null
  br i1 %no.tensor, label %release.storage, label %finish
finish:
  call void @put(ptr %tensor, i64 $tensor_tape, ptr $None)
  call void @put(ptr %tensor, i64 $tensor_base, ptr $None)
  call void @put(ptr %tensor, i64 $tensor_storage, ptr %storage)
  call void @put(ptr %tensor, i64 $tensor_layout, ptr %form)
  call void @put(ptr %tensor, i64 $tensor_offset, ptr $zero)
  call void @put(ptr %tensor, i64 $tensor_address, ptr %address)
  br label %release.storage
release.storage:
  %result = phi ptr [null, %fill], [%tensor, %finish]
  call void $Py_DecRef(ptr %storage)
  br label %release.address
release.address:
  %result.1 = phi ptr [null, %make], [%result, %release.storage]
  call void $Py_DecRef(ptr %address)
  br label %release.data
release.data:
  %result.2 = phi ptr [null, %place], [%result.1, %release.address]
  call void $Py_DecRef(ptr %data)
  br label %release
release:
  %result.3 = phi ptr [null, %allocate], [%result.2, %release.data]
  call void $Py_DecRef(ptr %allocator)
  call void $Py_DecRef(ptr %form)
  ret ptr %result.3
nothing:
  %no.answer = call ptr @no_answer()
  ret ptr %no.answer
}
