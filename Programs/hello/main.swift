import libakuma
