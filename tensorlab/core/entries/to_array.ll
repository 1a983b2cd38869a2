; What keeps a storage alive for a borrower: a new reference, or null.
define internal ptr @lent(ptr %storage) {
  %key = call ptr $PyLong_FromVoidPtr(ptr %storage)
  %no.key = icmp eq ptr %key, null
  br i1 %no.key, label %nothing, label %look
look:
  %known = call ptr @living(ptr $loans, ptr %key)
  %new = icmp eq ptr %known, null
  br i1 %new, label %make, label %compare
compare:
  %class = call ptr @field(ptr %known, i64 $class)
  %ours = icmp eq ptr %class, $Loan
  br i1 %ours, label %compare.storage, label %release.key
compare.storage:
  %its = call ptr @field(ptr %known, i64 $loan_storage)
  %same = icmp eq ptr %its, %storage
  br i1 %same, label %again, label %release.key
again:
  call void $Py_IncRef(ptr %known)
  call void $Py_DecRef(ptr %key)
  ret ptr %known
make:
  %loan = call ptr $PyType_GenericAlloc(ptr $Loan, i64 0)
  %no.loan = icmp eq ptr %loan, null
  br i1 %no.loan, label %release.key, label %fill
fill:
  call void @put(ptr %loan, i64 $loan_storage, ptr %storage)
  %reference = call ptr $PyWeakref_NewRef(ptr %loan, ptr null)
  %no.reference = icmp eq ptr %reference, null
  br i1 %no.reference, label %release.loan, label %note
note:
  %noted = call i1 @enter(ptr $loans, ptr %key, ptr %reference, i64 $most_loans)
  call void $Py_DecRef(ptr %reference)
  br i1 %noted, label %done, label %release.loan
done:
  %old = call ptr @field(ptr $lending, i64 $lending_sorted)
  call void @put(ptr $lending, i64 $lending_sorted, ptr $False)
  call void $Py_DecRef(ptr %old)
  call void $Py_DecRef(ptr %key)
  ret ptr %loan
release.loan:
  call void $Py_DecRef(ptr %loan)
  br label %release.key
release.key:
  call void $Py_DecRef(ptr %key)
  br label %nothing
nothing:
  ret ptr null
}

; (tensor): an ndarray over its bytes.
define ptr @to_array(ptr %self, ptr %args, i64 %count) {
  %tensor = load ptr, ptr %args
  %class = call ptr @field(ptr %tensor, i64 $class)
  %exact = icmp eq ptr %class, $Tensor
  br i1 %exact, label %describe, label %nothing
describe:
  %form = call ptr @field(ptr %tensor, i64 $tensor_layout)
  %known = call ptr $PyDict_GetItemWithError(ptr $forms, ptr %form)
  %unknown = icmp eq ptr %known, null
  br i1 %unknown, label %nothing, label %place
place:
  %storage = call ptr @field(ptr %tensor, i64 $tensor_storage)
  %address.object = call ptr @field(ptr %storage, i64 $storage_address)
  %address = call i64 $PyLong_AsLongLong(ptr %address.object)
  %offset.object = call ptr @field(ptr %tensor, i64 $tensor_offset)
  %offset = call i64 $PyLong_AsLongLong(ptr %offset.object)
  %nowhere = icmp eq i64 %address, 0
  br i1 %nowhere, label %nothing, label %read
read:
  %dtype = call ptr @field(ptr %known, i64 $first_item)
  %facts = call ptr @field(ptr %known, i64 $second_item)
  call void $Py_IncRef(ptr %dtype)  ; the table may change, and the array takes it over
  call void $Py_IncRef(ptr %facts)
  %loan = call ptr @lent(ptr %storage)
  %no.loan = icmp eq ptr %loan, null
  br i1 %no.loan, label %release, label %make
make:
  %size.at = getelementptr i8, ptr %facts, i64 $bytes
  %size = load i64, ptr %size.at
  %dims.at = getelementptr i64, ptr %size.at, i64 1
  %dims = load i64, ptr %dims.at
  %dims.32 = trunc i64 %dims to i32
  %shape = getelementptr i64, ptr %size.at, i64 2
  %strides = getelementptr i64, ptr %shape, i64 %dims
  %distance = mul i64 %offset, %size
  %first = add i64 %address, %distance
  %data = inttoptr i64 %first to ptr
  ; Storages over memory that others own and let us write have no field for it.
  %readonly = call ptr @field(ptr %storage, i64 $storage_readonly)
  %fixed = icmp eq ptr %readonly, $True
  %flags = select i1 %fixed, i32 0, i32 $writeable
  %array = call ptr $new_array(
    ptr $ndarray, ptr %dtype, i32 %dims.32, ptr %shape, ptr %strides, ptr %data, i32 %flags, ptr null)
  call void $Py_DecRef(ptr %facts)
  %no.array = icmp eq ptr %array, null
  br i1 %no.array, label %release.loan, label %hold
hold:
  %status = call i32 $set_base(ptr %array, ptr %loan)  ; takes the loan over
  %held = icmp eq i32 %status, 0
  br i1 %held, label %done, label %release.array
done:
  ret ptr %array
release.array:
  call void $Py_DecRef(ptr %array)
  br label %nothing
release.loan:
  call void $Py_DecRef(ptr %loan)
  br label %nothing
release:
  call void $Py_DecRef(ptr %dtype)
  call void $Py_DecRef(ptr %facts)
  br label %nothing
nothing:
  %no.answer = call ptr @no_answer()
  ret ptr %no.answer
}
