; Storages over memory that others own, as `core.foreign.whole_storage` makes them, and tensors over these.

; Whether nothing that is noted in `imports` begins before an address and ends behind another.
define internal i1 @apart(i64 %start, i64 %stop) {
begin:
  %length.at = getelementptr i8, ptr $regions, i64 $length
  %length = load i64, ptr %length.at
  %items = call ptr @field(ptr $regions, i64 $items)
  br label %bisect
bisect:  ; regions before `low` begin before `stop`, those from `high` on do not
  %low = phi i64 [0, %begin], [%next.low, %compare]
  %high = phi i64 [%length, %begin], [%next.high, %compare]
  %open = icmp slt i64 %low, %high
  br i1 %open, label %compare, label %before
compare:
  %sum = add i64 %low, %high
  %middle = lshr i64 %sum, 1
  %middle.at = getelementptr ptr, ptr %items, i64 %middle
  %middle.region = load ptr, ptr %middle.at
  %middle.object = call ptr @field(ptr %middle.region, i64 $first_item)
  %middle.start = call i64 $PyLong_AsLongLong(ptr %middle.object)
  %left = icmp slt i64 %middle.start, %stop
  %behind = add i64 %middle, 1
  %next.low = select i1 %left, i64 %behind, i64 %low
  %next.high = select i1 %left, i64 %high, i64 %middle
  br label %bisect
before:
  %none = icmp eq i64 %low, 0
  br i1 %none, label %free, label %last
last:
  %last.index = sub i64 %low, 1
  %last.at = getelementptr ptr, ptr %items, i64 %last.index
  %last.region = load ptr, ptr %last.at
  %last.object = call ptr @field(ptr %last.region, i64 $second_item)
  %last.stop = call i64 $PyLong_AsLongLong(ptr %last.object)
  %ends = icmp sle i64 %last.stop, %start
  ret i1 %ends
free:
  ret i1 1
}

; The storage over a writable block of memory that is not part of another: a new reference, or null.
define internal ptr @whole(i64 %address, i64 %nbytes, ptr %keeper) {
  %key = call ptr $PyLong_FromLongLong(i64 %address)
  %no.key = icmp eq ptr %key, null
  br i1 %no.key, label %nothing, label %look
look:
  %known = call ptr @living(ptr $wholes, ptr %key)
  %new = icmp eq ptr %known, null
  br i1 %new, label %alone, label %compare
compare:
  %known.object = call ptr @field(ptr %known, i64 $storage_nbytes)
  %known.nbytes = call i64 $PyLong_AsLongLong(ptr %known.object)
  %same = icmp eq i64 %known.nbytes, %nbytes
  br i1 %same, label %again, label %release.key
again:
  call void $Py_IncRef(ptr %known)
  call void $Py_DecRef(ptr %key)
  ret ptr %known
alone:
  %stop = add i64 %address, %nbytes
  %apart = call i1 @apart(i64 %address, i64 %stop)
  br i1 %apart, label %make, label %release.key
make:
  %size = call ptr $PyLong_FromLongLong(i64 %nbytes)
  %no.size = icmp eq ptr %size, null
  br i1 %no.size, label %release.key, label %fill
fill:
  %storage = call ptr $PyType_GenericAlloc(ptr $ImportedStorage, i64 0)
  %no.storage = icmp eq ptr %storage, null
  br i1 %no.storage, label %release.size, label %finish
finish:
  call void @put(ptr %storage, i64 $storage_address, ptr %key)
  call void @put(ptr %storage, i64 $storage_nbytes, ptr %size)
  call void @put(ptr %storage, i64 $storage_version, ptr $zero)
  call void @put(ptr %storage, i64 $storage_writes, ptr $None)
  call void @put(ptr %storage, i64 $storage_keeper, ptr %keeper)
  call void $Py_DecRef(ptr %size)
  %reference = call ptr $PyWeakref_NewRef(ptr %storage, ptr null)
  %no.reference = icmp eq ptr %reference, null
  br i1 %no.reference, label %release.storage, label %ask
ask:  ; making them may have run a garbage collection, and that anything
  %still = call i1 @apart(i64 %address, i64 %stop)
  br i1 %still, label %note, label %release.reference
note:
  %noted = call i1 @enter(ptr $wholes, ptr %key, ptr %reference, i64 $most_wholes)
  br i1 %noted, label %done, label %release.reference
done:
  call void $Py_DecRef(ptr %reference)
  call void $Py_DecRef(ptr %key)
  ret ptr %storage
release.reference:
  call void $Py_DecRef(ptr %reference)
  br label %release.storage
release.storage:
  call void $Py_DecRef(ptr %storage)
  br label %release.key
release.size:
  call void $Py_DecRef(ptr %size)
  br label %release.key
release.key:
  call void $Py_DecRef(ptr %key)
  br label %nothing
nothing:
  ret ptr null
}

; A tensor over a block that is not part of another, seen from a place in it; the answer of an entry.
define internal ptr @tensor_over(i64 %start, i64 %nbytes, ptr %keeper, ptr %form, i64 %address, i64 %offset) {
  %storage = call ptr @whole(i64 %start, i64 %nbytes, ptr %keeper)
  %no.storage = icmp eq ptr %storage, null
  br i1 %no.storage, label %nothing, label %place
place:
  %first = call ptr $PyLong_FromLongLong(i64 %address)
  %no.first = icmp eq ptr %first, null
  br i1 %no.first, label %release.storage, label %count
count:
  %steps = call ptr $PyLong_FromLongLong(i64 %offset)
  %no.steps = icmp eq ptr %steps, null
  br i1 %no.steps, label %release.first, label %make
make:
  %tensor = call ptr $PyType_GenericAlloc(ptr $Tensor, i64 0)
  %no.tensor = icmp eq ptr %tensor, null
  br i1 %no.tensor, label %release.steps, label %fill
fill:
  call void @put(ptr %tensor, i64 $tensor_tape, ptr $None)
  call void @put(ptr %tensor, i64 $tensor_base, ptr $None)
  call void @put(ptr %tensor, i64 $tensor_storage, ptr %storage)
  call void @put(ptr %tensor, i64 $tensor_layout, ptr %form)
  call void @put(ptr %tensor, i64 $tensor_offset, ptr %steps)
  call void @put(ptr %tensor, i64 $tensor_address, ptr %first)
  br label %release.steps
release.steps:
  %result = phi ptr [null, %make], [%tensor, %fill]
  call void $Py_DecRef(ptr %steps)
  br label %release.first
release.first:
  %result.1 = phi ptr [null, %count], [%result, %release.steps]
  call void $Py_DecRef(ptr %first)
  br label %release.storage
release.storage:
  %result.2 = phi ptr [null, %place], [%result.1, %release.first]
  call void $Py_DecRef(ptr %storage)
  %failed = icmp eq ptr %result.2, null
  br i1 %failed, label %nothing, label %answer
answer:
  ret ptr %result.2
nothing:
  %no.answer = call ptr @no_answer()
  ret ptr %no.answer
}
